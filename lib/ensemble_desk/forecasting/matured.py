"""Forecasts whose outcome is known, as numpy columns: what live accuracy and drift are computed from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, FromClause, Select, func, select

from ensemble_desk.database import moments
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import forecasts, outcomes, symbols
from ensemble_desk.forecasting import columns
from ensemble_desk.forecasting.columns import Columns
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]

TRAINED = "trained"
_MATURED = "matured"


@dataclass(frozen=True, slots=True, eq=False)
class Matured:
    """n forecasts of one key and horizon with their outcomes, oldest first.

    Attributes
    ----------
    id : numbers in the log, shape (n,).
    as_of, target : times of the bar forecast at and of the bar that decided, shape (n,), microseconds UTC.
    p : probabilities, shape (n, 3).
    y : class numbers of what happened, shape (n,).
    threshold : log return that was a move, shape (n,).
    horizon_bars : shape (n,).
    is_live : whether each was made before its outcome was known, shape (n,).
    version : position of each row's version in ``versions``, shape (n,).
    """

    id: Ints
    as_of: Times
    target: Times
    p: Floats
    y: Ints
    threshold: Floats
    horizon_bars: Ints
    is_live: NDArray[np.bool_]
    version: Ints
    versions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.id)

    @property
    def correct(self) -> NDArray[np.bool_]:
        return np.asarray(self.p.argmax(axis=1) == self.y)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which kinds there are among the rows, live first."""
        found = ((Kind.LIVE, self.is_live.any()), (Kind.REPLAY, (~self.is_live).any()))
        return tuple(kind for kind, there in found if there)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_] | slice) -> "Matured":
        return Matured(
            self.id[rows],
            self.as_of[rows],
            self.target[rows],
            self.p[rows],
            self.y[rows],
            self.threshold[rows],
            self.horizon_bars[rows],
            self.is_live[rows],
            self.version[rows],
            self.versions,
        )

    def of_version(self, version: str) -> "Matured":
        number = self.versions.index(version) if version in self.versions else -1
        return self.take(self.version == number)

    def of_kinds(self, kinds: Sequence[Kind] | None) -> "Matured":
        """Keep the rows of these kinds; None: the live ones if there are any, else the replayed ones."""
        wanted = (Kind.LIVE if self.is_live.any() else Kind.REPLAY,) if kinds is None else tuple(kinds)
        if Kind.LIVE in wanted and Kind.REPLAY in wanted:
            return self
        return self.take(self.is_live if Kind.LIVE in wanted else ~self.is_live)

    def one_a_bar(self) -> "Matured":
        """Keep the newest forecast of each bar, where several versions spoke about it."""
        last = np.ones(len(self), np.bool_)
        last[:-1] = np.diff(self.as_of) != np.timedelta64(0)
        return self.take(last)


def speaking(
    database: Database, key: Key, *, version: str | None, horizon: str | None, kinds: Sequence[Kind] | None
) -> Matured:
    """Read what speaks for a version, or with None for the key as a whole, each bar by the version that spoke last.

    ``kinds`` as :meth:`Matured.of_kinds` takes them. Raises DatabaseError.
    """
    rows = read(database, key, version=version, horizon=horizon).of_kinds(kinds)
    return rows if version is not None else rows.one_a_bar()


@dataclass(frozen=True, slots=True)
class Newer:
    """What became known since an earlier look.

    Attributes
    ----------
    rows : forecasts whose outcome is new; ``n`` counts all new outcomes, also void ones and of other horizons.
    outcome_id : the newest outcome there is now.
    revised : whether an outcome that was known before has changed, so that what was made of it must be made anew.
    """

    rows: Matured
    n: int
    outcome_id: int
    revised: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many forecasts the log holds, by state."""

    pending: int = 0
    matured: int = 0
    void: int = 0


def read(
    database: Database, key: Key, *, version: str | None = None, horizon: str | None = None, until: int | None = None
) -> Matured:
    """Read the matured forecasts of a key or version, by outcomes up to a number; ``horizon`` None: the trained one."""
    with database.reading() as connection:
        return _read(connection, key, version=version, horizon=horizon, until=until)


def _read(
    connection: Connection, key: Key, *, version: str | None, horizon: str | None, until: int | None = None
) -> Matured:
    wanted = _wanted(connection, forecasts.join(symbols)).where(*_of(key, version=version), _horizon(horizon))
    wanted = wanted if until is None else wanted.where(outcomes.c.id <= until)
    return _matured(columns.fetch(connection, wanted, _KINDS))


def newer(database: Database, key: Key, *, version: str, outcome_id: int) -> Newer:
    """Read what became known after an outcome about a version's forecasts at the trained horizon."""
    conditions = [*_of(key, version=version), _horizon(None), outcomes.c.id > outcome_id]
    with database.reading() as connection:
        wanted = _wanted(connection, forecasts.join(symbols)).add_columns(outcomes.c.id.label("outcome"))
        found = columns.fetch(connection, wanted.where(*conditions), {**_KINDS, "outcome": "int64"})
    return Newer(
        rows=_matured({name: found[name] for name in _KINDS}),
        n=len(found["outcome"]),
        outcome_id=int(found["outcome"].max(initial=outcome_id)),
        revised=bool((found["revision"] > 1).any()),
    )


def later(connection: Connection, key: Key, *, since: datetime, outcome_id: int) -> Newer:
    """Read what became known of a key after an outcome, of bars since a time; its rows at the trained horizons."""
    wanted = _wanted(connection, forecasts.join(symbols)).add_columns(
        outcomes.c.id.label("outcome"), columns.flag(forecasts.c.basis == TRAINED)
    )
    wanted = wanted.where(*_of(key, version=None), forecasts.c.as_of >= since, outcomes.c.id > outcome_id)
    found = columns.fetch(connection, wanted, {**_KINDS, "outcome": "int64", "is_trained": "bool"})
    return Newer(
        rows=_matured({name: found[name][found["is_trained"]] for name in _KINDS}),
        n=len(found["outcome"]),
        outcome_id=int(found["outcome"].max(initial=outcome_id)),
        revised=bool((found["revision"] > 1).any()),
    )


def of_version(connection: Connection, key: Key, version: str) -> Matured:
    """Read the matured forecasts of a version at its trained horizon."""
    return _read(connection, key, version=version, horizon=None)


def counts(
    database: Database, key: Key, *, version: str | None = None, horizon: str | None = None
) -> Mapping[Kind, Counts]:
    """Count the forecasts of each kind that are pending, matured and void."""
    revised = outcomes.alias()
    newer = select(revised.c.id).where(
        revised.c.forecast_id == outcomes.c.forecast_id, revised.c.revision > outcomes.c.revision
    )
    wanted = (
        select(forecasts.c.kind, outcomes.c.state, func.count())
        .select_from(
            forecasts.join(symbols).outerjoin(outcomes, (outcomes.c.forecast_id == forecasts.c.id) & ~newer.exists())
        )
        .where(*_of(key, version=version), _horizon(horizon))
        .group_by(forecasts.c.kind, outcomes.c.state)
    )
    with database.reading() as connection:
        found = {(kind, state): int(n) for kind, state, n in connection.execute(wanted)}
    return {
        kind: Counts(found.get((kind, None), 0), found.get((kind, _MATURED), 0), found.get((kind, "void"), 0))
        for kind in Kind
    }


def members(database: Database, key: Key, rows: Matured) -> Mapping[str, Floats]:
    """Read what each member said in these forecasts, shape (n, 3) by member in their order; NaN: it did not vote.

    Made for some thousand forecasts at most: each is a piece of JSON.
    """
    if not len(rows):
        return {}
    first, last = (pd.Timestamp(rows.as_of[at], tz=UTC).to_pydatetime() for at in (0, -1))
    wanted = (
        select(forecasts.c.id, columns.raw_json(forecasts.c.members))
        .select_from(forecasts.join(symbols))
        .where(*_of(key, version=None), forecasts.c.as_of.between(first, last))
    )
    with database.reading() as connection:
        told: dict[int, str] = dict(map(tuple, connection.execute(wanted)))
    votes = json.loads("[" + ",".join(told[number] for number in rows.id.tolist()) + "]")
    names = dict.fromkeys(name for vote in votes for name in vote)
    nothing = (np.nan, np.nan, np.nan)
    return {name: np.array([vote.get(name, nothing) for vote in votes], dtype=np.float64) for name in names}


_KINDS = {
    "id": "int64",
    "revision": "int64",
    "as_of": "time",
    "target": "time",
    "p_bearish": "float64",
    "p_neutral": "float64",
    "p_bullish": "float64",
    "y": "int64",
    "threshold": "float64",
    "horizon_bars": "int64",
    "is_live": "bool",
    "is_matured": "bool",
    "version": "text",
}


def moment(time: np.datetime64) -> datetime:
    """Give the time of a row as a moment in UTC."""
    return pd.Timestamp(time).to_pydatetime().replace(tzinfo=UTC)


def _wanted(connection: Connection, joined: FromClause) -> Select[tuple[object, ...]]:
    return select(
        forecasts.c.id,
        outcomes.c.revision,
        moments.of(connection, forecasts.c.as_of),
        moments.of(connection, outcomes.c.target_at),
        forecasts.c.p_bearish,
        forecasts.c.p_neutral,
        forecasts.c.p_bullish,
        columns.class_number(outcomes.c.label),
        outcomes.c.threshold,
        forecasts.c.horizon_bars,
        columns.flag(forecasts.c.kind == Kind.LIVE.value),
        columns.flag(outcomes.c.state == _MATURED),
        forecasts.c.version,
    ).select_from(joined.join(outcomes, outcomes.c.forecast_id == forecasts.c.id))


def _of(key: Key, *, version: str | None) -> list[ColumnElement[bool]]:
    conditions = [symbols.c.ticker == key.symbol, forecasts.c.timeframe == key.timeframe]
    return conditions if version is None else [*conditions, forecasts.c.version == version]


def _horizon(horizon: str | None) -> ColumnElement[bool]:
    return forecasts.c.basis == TRAINED if horizon is None else forecasts.c.horizon == horizon


def _matured(found: Columns) -> Matured:
    """Take the newest revision of each outcome, leave void ones out, sort by bar and then as they were logged."""
    one = columns.newest(found, by="id", order="revision")
    order = np.lexsort((one["id"], one["as_of"]))
    order = order[one["is_matured"][order]]
    numbers, names = columns.codes(one["version"][order])
    return Matured(
        id=one["id"][order],
        as_of=one["as_of"][order],
        target=one["target"][order],
        p=np.column_stack([one[name][order] for name in ("p_bearish", "p_neutral", "p_bullish")]),
        y=one["y"][order],
        threshold=one["threshold"][order],
        horizon_bars=one["horizon_bars"][order],
        is_live=one["is_live"][order],
        version=numbers,
        versions=tuple(names),
    )
