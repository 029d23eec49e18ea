"""Ready features kept in the database under the name of a set: imported for bars that are there, served by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.symbols import hold, symbol_id
from ensemble_desk.database.tables.registry_tables import symbols
from ensemble_desk.database.tables.upkeep_tables import feature_rows, feature_sets
from ensemble_desk.errors import FeatureSetError, ManyRestatedError, UploadError
from ensemble_desk.market import bars as bar_contract
from ensemble_desk.market import timeframes
from ensemble_desk.market.feature_sets import FeatureSet, digest_of_columns
from ensemble_desk.market.keys import Key

ORIGIN = "imported rows"
_MOST_CHANGED = 20  # rows that may change without anybody being asked
_MOST_EXAMPLES = 3
_AT_ONCE = 20_000  # rows held as Python objects at a time
_LEFT_OUT = (*bar_contract.COLUMNS, "adj_close")
_NOT_OF_BARS = "have no bar of {key}. Import the bars first, or correct these rows"


@dataclass(frozen=True, slots=True)
class FeatureImport:
    """What an import did.

    Attributes
    ----------
    name, key, columns : which set, whose rows, and the features of a row in order.
    n_added, n_unchanged, n_changed : rows that are new, that said the same before, and that said something else.
    left_out : columns of the file that are no features: prices and texts.
    """

    name: str
    key: Key
    columns: tuple[str, ...]
    n_added: int
    n_unchanged: int
    n_changed: int
    left_out: tuple[str, ...]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class _Place:
    """The rows of one key in one set."""

    name: str
    columns: Sequence[str]
    number: int  # of the symbol
    timeframe: str


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A set that rows were imported of."""

    name: str
    columns: tuple[str, ...]
    digest: str
    begun_at: datetime
    actor: str
    n_rows: int
    n_keys: int


def import_rows(
    database: Database,
    name: str,
    key: Key,
    table: pd.DataFrame,
    *,
    bars: pd.DataFrame,
    at: datetime,
    actor: str,
    file_name: str,
    may_change: bool,
) -> FeatureImport:
    """Put ready features of a key into the database in one transaction; the first import of a set settles its columns.

    Parameters
    ----------
    table : as `reading.read_table` gives it: times in UTC as index, features as numbers; a missing one is NaN.
    bars : of the key; every row must be of one of them.
    may_change : whether many rows may change that say something else.

    Raises
    ------
    UploadError
        When rows have no time, no bar or no feature, one time twice, or other columns than the set.
    ManyRestatedError
        When many rows would change; then nothing changed.
    DatabaseError
    """
    frame, left_out = _features(table, key, file_name)
    _refuse_barless(frame, bars, key, file_name)
    with database.writing() as connection:
        columns = _columns(connection, name, list(frame.columns), at=at, actor=actor, file_name=file_name)
        place = _Place(name, columns, symbol_id(connection, key.symbol), key.timeframe)
        frame = frame[columns]
        before = _stored(connection, place, frame)
        known = frame.loc[frame.index.intersection(before.index)]
        old = before.loc[known.index]
        changed = ~((known == old) | (known.isna() & old.isna())).all(axis=1)
        if not may_change and int(changed.sum()) > _MOST_CHANGED:
            examples = [f"{time:%Y-%m-%d %H:%M}" for time in known.index[changed][:_MOST_EXAMPLES]]
            subject = f"{key} in the features {name}"
            raise ManyRestatedError(subject, n_restated=int(changed.sum()), n_bars=len(frame), examples=examples)
        hold(connection, place.number)
        last = _last(connection, place)
        new = frame.drop(index=known.index[~changed])
        _put(connection, place, new, at)
        only_later = last is not None and bool((new.index > last).all())
        kind, until = f"{digests.FEATURES}{name}", last if only_later else None
        digests.extend(connection, kind, place.number, key.timeframe, at=at, later_than=until)
    times = pd.DatetimeIndex(frame.index)
    return FeatureImport(
        name=name,
        key=key,
        columns=tuple(columns),
        n_added=len(frame) - len(known),
        n_unchanged=int((~changed).sum()),
        n_changed=int(changed.sum()),
        left_out=tuple(left_out),
        first=times[0].to_pydatetime(),
        last=times[-1].to_pydatetime(),
    )


def every(database: Database) -> tuple[StoredSet, ...]:
    """Every set there are rows of, by name."""
    counts = (
        select(
            feature_rows.c.name,
            func.count().label("n_rows"),
            func.count(func.distinct(feature_rows.c.symbol_id)).label("n_keys"),
        )
        .group_by(feature_rows.c.name)
        .subquery()
    )
    query = select(feature_sets, counts.c.n_rows, counts.c.n_keys).join(counts, counts.c.name == feature_sets.c.name)
    with database.reading() as connection:
        rows = connection.execute(query.order_by(feature_sets.c.name)).all()
    return tuple(
        StoredSet(row.name, tuple(row.columns), row.digest, row.begun_at, row.actor, row.n_rows, row.n_keys)
        for row in rows
    )


def find(database: Database, name: str) -> FeatureSet | None:
    """Give the set of a name, whose rows are looked up for the bars that are asked about; None when there is none."""
    with database.reading() as connection:
        row = connection.execute(select(feature_sets).where(feature_sets.c.name == name)).first()
    if row is None:
        return None
    return FeatureSet(name, None, row.digest, ORIGIN, partial(_rows_of, database, name, tuple(row.columns)))


def _rows_of(database: Database, name: str, columns: Sequence[str], key: Key, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a key at the times of bars; NaN where none was imported, the first of those left out.

    Raises
    ------
    FeatureSetError
        When there is none at all.
    """
    number = select(symbols.c.id).where(symbols.c.ticker == key.symbol)
    with database.reading() as connection:
        known = connection.execute(number).scalar()
        place = _Place(name, columns, -1 if known is None else int(known), key.timeframe)
        found = _stored(connection, place, frame)
    if found.empty:
        command = f"desk features import FILE --set {name} --symbol {key.symbol} --timeframe {key.timeframe}"
        problem = f"no rows of {key} were imported for these bars; import them: {command}"
        raise FeatureSetError(name, problem)
    table = found.reindex(frame.index)
    return table.loc[found.index[0] :]


def _features(table: pd.DataFrame, key: Key, file_name: str) -> tuple[pd.DataFrame, list[str]]:
    """The features alone, oldest first, and the columns that are none."""
    if not isinstance(table.index, pd.DatetimeIndex):
        raise UploadError(file_name, ["it has no column of times. Every row of features needs the time of its bar."])
    own = [name for name in table.columns if name not in _LEFT_OUT and table[name].dtype.kind in "iufb"]
    left_out = [str(name) for name in table.columns if name not in own]
    if not own:
        raise UploadError(file_name, ["no column holds numbers that are no prices. Add the features."])
    frame = table[own].astype(np.float64).replace([np.inf, -np.inf], np.nan)
    frame.columns = pd.Index([str(name) for name in own])
    times = pd.DatetimeIndex(table.index)
    frame.index = times.normalize() if key.timeframe in timeframes.OF_SESSIONS else times
    frame = frame.sort_index()
    again = frame.index.duplicated()
    if again.any():
        raise UploadError(file_name, [f"the row of {_shown(frame.index[again])} is there twice. Keep one of them."])
    return frame, left_out


def _refuse_barless(frame: pd.DataFrame, bars: pd.DataFrame, key: Key, file_name: str) -> None:
    barless = frame.index[~frame.index.isin(bars.index)]
    if len(barless):
        which = f"{len(barless):,} of its {len(frame):,} rows, such as that of {_shown(barless)},"
        raise UploadError(file_name, [f"{which} {_NOT_OF_BARS.format(key=key)}."])


def _columns(
    connection: Connection, name: str, columns: list[str], *, at: datetime, actor: str, file_name: str
) -> list[str]:
    """The columns of the set, which is begun when there is none of this name."""
    row = {"name": name, "columns": columns, "digest": digest_of_columns(columns), "begun_at": at, "actor": actor}
    connection.execute(inserting.insert_into(connection, feature_sets).values(row).on_conflict_do_nothing())
    known: list[str] = list(
        connection.execute(select(feature_sets.c.columns).where(feature_sets.c.name == name)).scalar_one()
    )
    if set(known) != set(columns):
        lacking = [one for one in known if one not in columns]
        new = [one for one in columns if one not in known]
        parts = [f"lacks {', '.join(lacking[:5])}"] * bool(lacking) + [f"adds {', '.join(new[:5])}"] * bool(new)
        problem = f"it {' and '.join(parts)}, unlike the features {name} so far. Import it under another name"
        raise UploadError(file_name, [f"{problem}."])
    return known


def _stored(connection: Connection, place: _Place, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows between the first and the last time of a frame."""
    times = pd.DatetimeIndex(frame.index)
    query = (
        select(feature_rows.c.time, feature_rows.c.numbers)
        .where(
            feature_rows.c.name == place.name,
            feature_rows.c.symbol_id == place.number,
            feature_rows.c.timeframe == place.timeframe,
            feature_rows.c.time >= times[0].to_pydatetime(),
            feature_rows.c.time <= times[-1].to_pydatetime(),
        )
        .order_by(feature_rows.c.time)
    )
    rows = connection.execute(query).all()
    index = pd.DatetimeIndex([row.time for row in rows], tz="UTC", name="time").as_unit("us")
    numbers = np.array([row.numbers for row in rows], dtype=np.float64).reshape(len(rows), len(place.columns))
    return pd.DataFrame(numbers, index, list(place.columns))


def _last(connection: Connection, place: _Place) -> datetime | None:
    table = feature_rows.c
    of_key = (table.name == place.name, table.symbol_id == place.number, table.timeframe == place.timeframe)
    return connection.execute(select(func.max(table.time)).where(*of_key)).scalar()


def _put(connection: Connection, place: _Place, frame: pd.DataFrame, at: datetime) -> None:
    told = {"name": place.name, "symbol_id": place.number, "timeframe": place.timeframe, "imported_at": at}
    by, newer = ("name", "symbol_id", "timeframe", "time"), ("numbers", "imported_at")
    upsert = inserting.upsert(connection, feature_rows, by=by, newer=newer)
    for start in range(0, len(frame), _AT_ONCE):
        part = frame.iloc[start : start + _AT_ONCE]
        numbers = [[None if np.isnan(one) else one for one in row] for row in part.to_numpy().tolist()]
        times = pd.DatetimeIndex(part.index).to_pydatetime().tolist()
        connection.execute(
            upsert,
            [{**told, "time": time, "numbers": row} for time, row in zip(times, numbers, strict=True)],
        )


def _shown(times: pd.Index) -> str:
    return f"{pd.DatetimeIndex(times)[0]:%Y-%m-%d %H:%M}"
