"""The alarm of every key in production, a step for each new outcome: its state is kept, and made anew when it is lost.

The state depends on the log alone. It goes on by what is new; when an outcome was revised, an earlier bar matured late,
another version serves or the line has moved, it is made from the log again, equal to the last bit.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select

from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.symbols import symbol_id as id_of
from ensemble_desk.database.tables.monitoring_tables import alarm_states as table
from ensemble_desk.database.tables.registry_tables import symbols
from ensemble_desk.evaluation import e_process
from ensemble_desk.evaluation.e_process import Line, State
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured, Newer
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live
from ensemble_desk.monitoring.evidence import bands
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True)
class Alarm:
    """How the alarm of a key stands.

    Attributes
    ----------
    n : outcomes in it; ``kind`` is theirs, None while there are none.
    n_new : how many of them this look added; all of them when the state was made anew.
    rings, stands : whether it has reached the alarm line, and whether it stands across the fleet (e-BH).
    """

    key: Key
    version: str
    kind: Kind | None
    n: int
    n_new: int
    e_value: float
    rings: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    kind: Kind
    line: Line
    outcome_id: int
    as_of: datetime
    e_value: float
    state: State


def bring_up_to_date(registry: Registry, *, policy: Policy | None = None) -> tuple[Alarm, ...]:
    """Take the step of every key in production and say whose alarm stands, strongest evidence first.

    The same as :func:`ensemble_desk.monitoring.drift.fleet` says, from what is new alone. Safe to run twice and by two
    programs at once: both write the same.

    Raises
    ------
    DatabaseError
    """
    policy = policy or bands.policy(registry.settings)
    kept = _read(registry.database)
    found = {
        key: _step(registry.database, definition, kept.get(key), policy)
        for key, definition in definitions.of_production(registry.database).items()
    }
    strengths = {str(key): one.e_value for key, one in found.items()}
    standing = e_process.benjamini_hochberg(strengths, alpha=1 / policy.alarm_e_value)
    told = [replace(one, stands=str(key) in standing) for key, one in found.items()]
    return tuple(sorted(told, key=lambda one: (-one.e_value, one.key)))


def kept_and_anew(
    database: Database, definition: Definition, policy: Policy, read: Callable[[int], Matured]
) -> tuple[_Kept, _Kept | None] | None:
    """Give the state as it is kept, and as the log tells it anew; None where it would not be gone on from.

    ``read`` gives what was known of the version when an outcome was the newest one.
    """
    kept, baseline = _read(database, definition.key).get(definition.key), live.validated(definition)
    line = None if baseline is None else e_process.line(baseline, falls=policy.falls)
    if kept is None or line is None or (kept.version, kept.line) != (definition.version, line):
        return None
    rows = read(kept.outcome_id)
    if not len(rows):
        return kept, None
    begun = e_process.begin(line, horizon_bars=live.horizon_of(rows))
    found = e_process.advance(begun, rows.correct[None, :], line)
    anew = replace(kept, kind=rows.kinds[0], as_of=matured.moment(rows.as_of[-1]), state=found.state)
    return kept, replace(anew, e_value=float(found.values[0, -1]))


def _step(database: Database, definition: Definition, kept: _Kept | None, policy: Policy) -> Alarm:
    baseline = live.validated(definition)
    nothing = Alarm(definition.key, definition.version, None, 0, 0, 1.0, rings=False, stands=False)
    if baseline is None:
        return nothing
    line = e_process.line(baseline, falls=policy.falls)
    usable = kept is not None and kept.version == definition.version and kept.line == line
    after = kept.outcome_id if kept is not None and usable else 0
    newer = matured.newer(database, definition.key, version=definition.version, outcome_id=after)
    if kept is not None and usable and not newer.revised:
        more = newer.rows.of_kinds([kept.kind])
        if _follows(more, newer.rows, kept):
            return _write(database, definition.key, kept, replace(newer, rows=more), policy)
    rows = newer.rows if not after else matured.read(database, definition.key, version=definition.version)
    rows = rows.of_kinds(None)
    if not len(rows):
        return nothing
    first = rows.kinds[0]
    begun = e_process.begin(line, horizon_bars=live.horizon_of(rows))
    empty = _Kept(definition.version, first, line, 0, matured.moment(rows.as_of[0]), 1.0, begun)
    return _write(database, definition.key, empty, replace(newer, rows=rows), policy)


def _follows(more: Matured, every: Matured, kept: _Kept) -> bool:
    """Whether new outcomes only add to the state: all of later bars, and no first live ones after replayed ones."""
    begins = kept.kind is Kind.REPLAY and Kind.LIVE in every.kinds
    later = bool((more.as_of > np.datetime64(kept.as_of.replace(tzinfo=None))).all())
    return later and not begins and (not len(more) or live.horizon_of(more) == kept.state.logs.shape[1])


def _write(database: Database, key: Key, kept: _Kept, newer: Newer, policy: Policy) -> Alarm:
    rows, n_new = newer.rows, len(newer.rows)
    if n_new:
        found = e_process.advance(kept.state, rows.correct[None, :], kept.line)
        kept = replace(
            kept, state=found.state, e_value=float(found.values[0, -1]), as_of=matured.moment(rows.as_of[-1])
        )
    if newer.outcome_id != kept.outcome_id:
        _upsert(database, key, replace(kept, outcome_id=newer.outcome_id))
    rings = kept.e_value >= policy.alarm_e_value
    return Alarm(key, kept.version, kept.kind, kept.state.n, n_new, kept.e_value, rings=rings, stands=False)


def _upsert(database: Database, key: Key, kept: _Kept) -> None:
    values: dict[str, Any] = {
        "version": kept.version,
        "kind": kept.kind.value,
        "line": asdict(kept.line),
        "outcome_id": kept.outcome_id,
        "as_of": kept.as_of,
        "e_value": kept.e_value,
        "state": kept.state.plain(),
    }
    with database.writing() as connection:
        here = {"symbol_id": id_of(connection, key.symbol), "timeframe": key.timeframe}
        inserting.put(connection, table, here, values)


def _read(database: Database, key: Key | None = None) -> Mapping[Key, _Kept]:
    wanted = select(table, symbols.c.ticker).join(symbols, symbols.c.id == table.c.symbol_id)
    if key is not None:
        wanted = wanted.where(symbols.c.ticker == key.symbol, table.c.timeframe == key.timeframe)
    with database.reading() as connection:
        return {
            Key(row.ticker, row.timeframe): _Kept(
                row.version,
                Kind(row.kind),
                Line(row.line["null"], tuple(row.line["stakes"]), tuple(row.line["shares"])),
                row.outcome_id,
                row.as_of,
                row.e_value,
                e_process.from_plain(row.state),
            )
            for row in connection.execute(wanted)
        }
