"""Bars kept in the database: imported once, served from there, with what they said before kept beside."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, bindparam, exists, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting, opening
from ensemble_desk.database.opening import Database
from ensemble_desk.database.symbols import hold, possible_keys, symbol_id
from ensemble_desk.database.tables.registry_tables import ohlc_bars, ohlc_restatements, symbols
from ensemble_desk.errors import InvalidSymbolError, InvalidTimeframeError, ManyRestatedError, SourceError
from ensemble_desk.market import bars as bar_contract
from ensemble_desk.market.bars import COLUMNS, Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import bar_rows, phrases
from ensemble_desk.sources.bar_rows import VALUES

_NAME: Literal["database"] = "database"
_KEY = ("symbol_id", "timeframe", "time")
_MOST_EXAMPLES = 3
_AT_ONCE = 50_000  # rows held as Python objects at a time
_NEWEST = (
    select(ohlc_bars.c.time, ohlc_bars.c.adjusted)
    .where(ohlc_bars.c.symbol_id == bindparam("symbol_id"), ohlc_bars.c.timeframe == bindparam("timeframe"))
    .order_by(ohlc_bars.c.time.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes
    ----------
    key : whose bars.
    n_added, n_unchanged : bars that are new, and bars that said the same before.
    n_restated : bars that said something else before, which is kept.
    first, last : the times of the first and the last imported bar.
    """

    key: Key
    n_added: int
    n_unchanged: int
    n_restated: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Restatement:
    """What a bar said until a later import changed it."""

    key: Key
    time: datetime
    replaced_at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    adjusted: bool


def import_bars(
    database: Database, key: Key, bars: Bars, *, at: datetime, most_restated: int | None = None
) -> ImportReport:
    """Put bars into the database in one transaction: new ones are added, changed ones replace what was there.

    What a replaced bar said is kept with the time ``at`` which it was replaced.

    Raises
    ------
    ManyRestatedError
        When more bars than ``most_restated`` would change; then nothing changed.
    SourceError
        When the key would hold adjusted and unadjusted prices side by side.
    DatabaseError
        When the database cannot be written; then nothing changed.
    """
    with database.writing() as connection:
        return import_within(connection, key, bars, at=at, most_restated=most_restated)


def import_within(
    connection: Connection, key: Key, bars: Bars, *, at: datetime, most_restated: int | None = None
) -> ImportReport:
    """Do the same within a transaction that somebody else has begun; what is raised leaves it to be undone."""
    frame = bar_contract.check(bars.frame, subject=str(key)).assign(adjusted=bars.adjusted)
    n_unchanged = n_restated = 0
    examples: list[str] = []
    number = symbol_id(connection, key.symbol)
    hold(connection, number)
    newest = _newest(connection, number, key.timeframe)
    last, last_adjusted = newest or (None, bars.adjusted)
    if last is not None and (last_adjusted != bars.adjusted or last > bars.first):
        _refuse_mixed(connection, key, number, bars)
    for start in range(0, len(frame), _AT_ONCE):
        part = frame.iloc[start : start + _AT_ONCE]
        if last is None or last < part.index[0]:
            _put(connection, number, key, part)
            continue
        before = bar_rows.stored(connection, number, key.timeframe, first=part.index[0], until=part.index[-1])
        before = before[before.index.isin(part.index)]
        equal = (before == part.loc[before.index]).all(axis=1)
        _keep(connection, number, key, before[~equal], at)
        _put(connection, number, key, part[~part.index.isin(before.index[equal])])
        n_unchanged, n_restated = n_unchanged + int(equal.sum()), n_restated + int((~equal).sum())
        examples += _differences(before[~equal], part, room=_MOST_EXAMPLES - len(examples))
    if most_restated is not None and n_restated > most_restated:
        raise ManyRestatedError(str(key), n_restated=n_restated, n_bars=len(frame), examples=examples)
    n_new = len(frame) - n_unchanged - n_restated
    only_later = last is not None and not n_restated and n_new == int((frame.index > last).sum())
    digests.extend(connection, digests.BARS, number, key.timeframe, at=at, later_than=last if only_later else None)
    if n_restated:
        digests.extend(connection, digests.RESTATEMENTS, number, key.timeframe, at=at)
    return ImportReport(key, n_new, n_unchanged, n_restated, bars.first, bars.last)


def restatements(database: Database, key: Key) -> tuple[Restatement, ...]:
    """What bars of a key said before, the latest change first."""
    table = ohlc_restatements
    query = (
        select(table.c.time, table.c.replaced_at, *(table.c[name] for name in VALUES))
        .join(symbols, symbols.c.id == table.c.symbol_id)
        .where(symbols.c.ticker == key.symbol, table.c.timeframe == key.timeframe)
        .order_by(table.c.replaced_at.desc(), table.c.time)
    )
    with database.reading() as connection:
        return tuple(Restatement(key, *row) for row in connection.execute(query))


class DatabaseSource:
    """The bars of the ``ohlc_bars`` table, opened at the first question unless it is open already."""

    name: str = _NAME

    def __init__(self, database: Database | None = None, *, url: str = "") -> None:
        self._database = database
        self._url = url

    def symbols(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(key.symbol for key in self.keys()))

    def keys(self) -> tuple[Key, ...]:
        """Every key there are bars of; rows of other programs with foreign symbols or timeframes are passed over."""
        possible = possible_keys()
        has = exists().where(
            ohlc_bars.c.symbol_id == possible.c.symbol_id, ohlc_bars.c.timeframe == possible.c.timeframe
        )
        query = select(possible.c.ticker, possible.c.timeframe).where(has)
        with self._opened().reading() as connection:
            pairs = connection.execute(query).all()
        return tuple(sorted(key for ticker, timeframe in pairs if (key := _key(ticker, timeframe)) is not None))

    def bars(
        self, key: Key, *, last: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Bars:
        """The bars of a key in a time; no others are read.

        Raises
        ------
        SourceError
            When there are no bars of the key, or none in that time.
        """
        if last is not None and since is None and until is None:
            frame, adjusted = bar_rows.newest(self._opened(), key, last=last)
        else:
            frame, adjusted = bar_rows.between(self._opened(), key, last=last, since=since, until=until)
        if frame.empty:
            raise SourceError(self.name, phrases.spans(str(key), *self._span(key)))
        checked = bar_contract.check(frame, subject=f"{key} in the database")
        return Bars(key, checked, _NAME, adjusted=bool(adjusted.all()))

    def count(self, key: Key, *, since: datetime | None = None) -> int:
        return bar_rows.count(self._opened(), key, since=since)

    def digest(self, key: Key, *, until: datetime | None = None) -> str:
        """By the digest that each import leaves and the newest time; up to ``until`` by counts, also of changes."""
        if until is None:
            known = digests.standing(self._opened(), digests.BARS, key)
            newest = bar_rows.newest_time(self._opened(), key)
            return "" if newest is None else f"{known.hash if known else ''} {newest}"
        return f"{self.count(key) - self.count(key, since=until)} {bar_rows.n_restated(self._opened(), key)}"

    def describe(self, key: Key) -> str:
        return f"database, to {phrases.moment(self._span(key)[1])}"

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def _opened(self) -> Database:
        if self._database is None:
            self._database = opening.open_database(self._url)
        return self._database

    def _span(self, key: Key) -> tuple[datetime, datetime]:
        times = ohlc_bars.c.time
        query = (
            select(func.min(times), func.max(times))
            .join(symbols, symbols.c.id == ohlc_bars.c.symbol_id)
            .where(symbols.c.ticker == key.symbol, ohlc_bars.c.timeframe == key.timeframe)
        )
        with self._opened().reading() as connection:
            first, last = connection.execute(query).one()
        if first is None:
            command = f"desk bars import FILE --symbol {key.symbol} --timeframe {key.timeframe}"
            raise SourceError(self.name, f"there are no bars of {key}. Import some: {command}")
        return first, last


def _key(ticker: str, timeframe: str) -> Key | None:
    try:
        return Key(ticker, timeframe)
    except (InvalidSymbolError, InvalidTimeframeError):
        return None


def _newest(connection: Connection, number: int, timeframe: str) -> tuple[datetime, bool] | None:
    """The newest bar's time and whether it is adjusted, by one indexed read."""
    found = connection.execute(_NEWEST, {"symbol_id": number, "timeframe": timeframe}).first()
    return None if found is None else (found.time, found.adjusted)


def _refuse_mixed(connection: Connection, key: Key, number: int, bars: Bars) -> None:
    """Raise SourceError when bars would stay that are adjusted while the new ones are not, or the reverse."""
    other = select(ohlc_bars.c.time).where(
        ohlc_bars.c.symbol_id == number,
        ohlc_bars.c.timeframe == key.timeframe,
        ohlc_bars.c.adjusted != bars.adjusted,
    )
    times = pd.DatetimeIndex([row.time for row in connection.execute(other)], tz="UTC").as_unit("us")
    if times.isin(bars.frame.index).all():
        return
    has, new = ("unadjusted", "adjusted") if bars.adjusted else ("adjusted", "unadjusted")
    raise SourceError(
        _NAME,
        f"{key} holds {has} prices from {times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}, the new ones are {new}. "
        "Nothing changed. Import bars that cover all of these days.",
    )


def _differences(before: pd.DataFrame, after: pd.DataFrame, *, room: int) -> list[str]:
    """What the first of the changed bars say now and would say then."""
    told = []
    first = before.head(max(room, 0))
    if first.empty:
        return []
    newer = after.loc[first.index, list(COLUMNS)].to_numpy()
    times = pd.DatetimeIndex(first.index)
    for time, old, new in zip(times, first[list(COLUMNS)].to_numpy(), newer, strict=True):
        pairs = zip(COLUMNS, old.tolist(), new.tolist(), strict=True)
        changed = [f"{name} {was:.10g} to {is_now:.10g}" for name, was, is_now in pairs if was != is_now]
        told.append(f"{time:%Y-%m-%d %H:%M} {', '.join(changed) or 'adjusted'}")
    return told


def _keep(connection: Connection, number: int, key: Key, before: pd.DataFrame, at: datetime) -> None:
    if len(before):
        rows = [{**row, "replaced_at": at} for row in _as_rows(number, key, before)]
        connection.execute(ohlc_restatements.insert(), rows)


def _put(connection: Connection, number: int, key: Key, frame: pd.DataFrame) -> None:
    if len(frame):
        upsert = inserting.upsert(connection, ohlc_bars, by=_KEY, newer=VALUES)
        connection.execute(upsert, list(_as_rows(number, key, frame)))


def _as_rows(number: int, key: Key, frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    times = pd.DatetimeIndex(frame.index).to_pydatetime().tolist()
    for time, *values in zip(times, *(frame[name].tolist() for name in VALUES), strict=True):
        yield {
            "symbol_id": number,
            "timeframe": key.timeframe,
            "time": time,
            **dict(zip(VALUES, values, strict=True)),
        }
