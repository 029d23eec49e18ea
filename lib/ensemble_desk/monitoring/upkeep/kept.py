"""What was made of a key's outcomes, kept with a sign of everything that it was made of.

The log stays what counts: what is lost, or has another sign, is made of it anew and is the same to the last bit.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date
from functools import cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting
from ensemble_desk.database import symbols as tickers
from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.monitoring_tables import drift_monitoring, outcomes
from ensemble_desk.database.tables.monitoring_tables import kept_drift as table
from ensemble_desk.database.tables.registry_tables import (
    model_versions,
    production_pointers,
    symbols,
)
from ensemble_desk.forecasting import definitions
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.preflight import code_revision

_STATE, _DAYS, SUMS = "state", "days", "sums"
_TIMES = ("as_of", "alarm_at", "since")
_MAKERS = ("market", "evaluation", "forecasting", "monitoring")  # the sources that decide what is made


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a key in the table of drift, as they were written last; None where there are none.

    ``told_by`` names the version and kind of the outcomes that the last day is told by.
    """

    sign: str
    first: date | None
    last: date | None
    told_by: str


def signs(database: Database, policy: Policy, key: Key | None = None) -> Mapping[Key, str]:
    """Give what each key in production, or one, is judged by, as a sign; '' where only the log itself can tell."""
    pointer, version = production_pointers, model_versions
    last = digests.newest_of(pointer, digests.OUTCOMES, "last_id")
    same = (version.c.symbol == pointer.c.symbol) & (version.c.timeframe == pointer.c.timeframe)
    wanted = select(
        pointer.c.symbol,
        pointer.c.timeframe,
        version.c.id,
        version.c.description_id,
        version.c.sha256,
        digests.newest_of(pointer, digests.OUTCOMES, "hash").label("hash"),
        select(outcomes.c.id).where(outcomes.c.id == last).correlate(pointer).scalar_subquery().label("outcome_id"),
    ).join(version, same & (version.c.version == pointer.c.version))
    if key is not None:
        wanted = wanted.where(pointer.c.symbol == key.symbol, pointer.c.timeframe == key.timeframe)
    by = f"{policy} {_code()}"
    with database.reading() as connection:
        return {
            Key(symbol, timeframe): f"{by} {number} {told} {sha256} {digest_hash}" if outcome_id is not None else ""
            for symbol, timeframe, number, told, sha256, digest_hash, outcome_id in connection.execute(wanted)
        }


def states(database: Database, key: Key | None = None) -> Mapping[Key, tuple[str, str]]:
    """Read the sign of every kept state, or that of one key, and the state as it was written."""
    wanted = (
        select(symbols.c.ticker, table.c.timeframe, table.c.sign, table.c.made)
        .join(symbols, symbols.c.id == table.c.symbol_id)
        .where(table.c.what == _STATE)
    )
    if key is not None:
        wanted = wanted.where(symbols.c.ticker == key.symbol, table.c.timeframe == key.timeframe)
    with database.reading() as connection:
        return {Key(ticker, timeframe): (sign, made) for ticker, timeframe, sign, made in connection.execute(wanted)}


def state(made: str) -> DriftState:
    """Read a state as it was written."""
    found = _adapter().validate_json(made)
    times = ((name, getattr(found, name)) for name in _TIMES)
    in_utc: dict[str, Any] = {name: at.astimezone(UTC) for name, at in times if at is not None}
    return replace(found, **in_utc) if in_utc else found


def written(state: DriftState) -> str:
    """Write a state as text."""
    return json.dumps(asdict(state), default=_plain)


def keep_states(connection: Connection, found: Iterable[tuple[str, DriftState]]) -> None:
    """Write states, each with its sign."""
    rows = [(one.key, sign, written(one)) for sign, one in found]
    _write(connection, _of_keys(connection, _STATE, rows))


def sign_of_days(database: Database, key: Key, policy: Policy) -> str:
    """Give what the days of a key are made of, as a sign; '' where only the log itself can tell."""
    outcome = digests.standing(database, digests.OUTCOMES, key)
    return "" if outcome is None else sign_of_days_at(database, key, policy, outcome.hash)


def sign_of_days_at(database: Database, key: Key, policy: Policy, outcome_hash: str) -> str:
    """Give what :func:`sign_of_days` gave when the outcomes of a key had this digest."""
    return f"{policy} {_code()} {definitions.sign(database, key)} {outcome_hash}"


def sign_of_sums(policy: Policy, known: Any) -> str:
    """Give what the sums of a version are made by, as a sign that no further outcome changes."""
    return f"{policy} {_code()} {known.id} {known.description_id} {known.sha256} {known.base}"


def keep_sums(connection: Connection, rows: Iterable[tuple[Key, str, str]]) -> None:
    """Write the sums of keys, each with its sign."""
    _write(connection, _of_keys(connection, SUMS, rows))


def days(database: Database, key: Key, sign: str) -> Days | None:
    """The days of a key, where they were written under a sign and its first and last one are still there."""
    found = database.ask(_WRITTEN, symbol=key.symbol, timeframe=key.timeframe)
    if not sign or not found or found[0].sign != sign:
        return None
    first, last, told_by = json.loads(found[0].made)
    is_there = [first, last] == [_told(found[0].first), _told(found[0].last)]
    return Days(sign, found[0].first, found[0].last, told_by) if is_there else None


def keep_days(connection: Any, symbol_id: int, timeframe: str, days: Days) -> None:
    """Remember under which sign the days of a key were written."""
    made = json.dumps([_told(days.first), _told(days.last), days.told_by])
    _write(connection, [(symbol_id, timeframe, _DAYS, days.sign, made)])


def _of_keys(connection: Connection, what: str, rows: Iterable[tuple[Key, str, str]]) -> list[tuple[Any, ...]]:
    return [(tickers.symbol_id(connection, key.symbol), key.timeframe, what, *told) for key, *told in rows]


def _write(connection: Any, rows: Iterable[tuple[Any, ...]]) -> None:
    by, newer = ("symbol_id", "timeframe", "what"), ("sign", "made")
    statement = inserting.upsert(connection, table, by=by, newer=newer)
    inserting.in_batches(connection, statement, [dict(zip(table.c.keys(), row, strict=True)) for row in rows])


def _told(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value.isoformat()


@cache
def _adapter() -> TypeAdapter[DriftState]:
    return TypeAdapter(DriftState)


@cache
def _code() -> str:
    return code_revision.of(_MAKERS)


def _day(*, newest: bool) -> Any:
    day = drift_monitoring.c.date
    here = (drift_monitoring.c.symbol_id == table.c.symbol_id, drift_monitoring.c.timeframe == table.c.timeframe)
    return select(day).where(*here).order_by(day.desc() if newest else day).limit(1).scalar_subquery()


_WRITTEN = CompiledSelect(
    select(table.c.sign, table.c.made, _day(newest=False).label("first"), _day(newest=True).label("last"))
    .join(symbols, symbols.c.id == table.c.symbol_id)
    .where(symbols.c.ticker == bindparam("symbol"), table.c.timeframe == bindparam("timeframe"), table.c.what == _DAYS)
)
