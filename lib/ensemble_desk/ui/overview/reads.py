"""What the overview reads of every key at once, put together once for all who look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ages
from ensemble_desk.registry.entities import UNSERVED, Mode, Production, State, VersionRecord
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.training import runs
from ensemble_desk.ui.frame import caching, components, data, monitoring_data
from ensemble_desk.ui.frame.keys import search
from ensemble_desk.ui.frame.keys.facts import Grade
from ensemble_desk.ui.overview import rows as fleet_rows
from ensemble_desk.ui.overview.rows import Known, Need, Row

_MOST = 10_000  # refused versions that are looked through
_minute = caching.every(60)


def _mark() -> tuple[object, ...]:
    """A new answer about the fleet, or rehearsals that may have been made or grown old, or versions that expired."""
    return monitoring_data.mark_of_standing(), data.newest_rehearsal(), _minute(), _runs()


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The whole fleet, worst first; shared by all sessions.

    Attributes
    ----------
    needing : by need, its keys in the order of the rows.
    n_waiting, n_reading : keys that need somebody, and of which the outcomes are being read.
    n_served, n_measured, n_well, n_pinned : keys that serve, of which something is known, that do as validated, and
        that stay where they are.
    n_tampered : versions that are refused, those not counted that are live.
    """

    rows: tuple[Row, ...]
    needing: Mapping[Need, tuple[Row, ...]]
    n_waiting: int
    n_reading: int
    n_served: int
    n_measured: int
    n_well: int
    n_pinned: int
    n_tampered: int


def _refused(fleet: Sequence[Production]) -> tuple[VersionRecord, ...]:
    """What production names and the loader refuses; as long as nothing is wrong this reads three counts."""
    live = {(one.key, one.version) for one in fleet}
    listed = (versions.listing(caching.registry(), state=state, limit=_MOST) for state in UNSERVED if data.count(state))
    return tuple(record for page in listed for record in page.rows if (record.key, record.version) in live)


def _expired(fleet: Sequence[Production]) -> frozenset[Key]:
    chosen, now = caching.settings(), components.now()
    if not chosen.max_age:
        return frozenset()
    return frozenset(one.key for one in fleet if one.version and ages.is_expired(chosen, one.key, one.version, now=now))


@caching.remembered(max_entries=1, also=_mark, shared=True)
def board() -> Board:
    fleet = data.fleet()
    refused = _refused(fleet)
    known = Known(
        records={**data.in_production(), **{record.key: record for record in refused}},
        standing=monitoring_data.standing(),
        ways_back=readiness.of_fleet(caching.registry()),
        expired=_expired(fleet),
        failing=_failing(),
    )
    rows = fleet_rows.of(fleet, known)
    unknown = (Grade.NOT_MEASURED, Grade.READING, Grade.UNSETTLED, Grade.NOT_SERVED)
    return Board(
        rows=tuple(rows),
        needing={need: tuple(row for row in rows if need in row.needs) for need in Need},
        n_waiting=sum(bool(row.needs) for row in rows),
        n_reading=sum(row.grade is Grade.READING for row in rows),
        n_served=sum(row.grade is not Grade.NOT_SERVED for row in rows),
        n_measured=sum(row.grade not in unknown for row in rows),
        n_well=sum(row.grade is Grade.OK for row in rows),
        n_pinned=sum(row.pointer.mode is Mode.PINNED for row in rows),
        n_tampered=data.count(State.TAMPERED) - sum(one.state is State.TAMPERED for one in refused),
    )


def first_visit() -> None:
    """Read what the page tells its first visitor: the fleet, and the names that the search box offers."""
    board()
    search.names()


def _runs() -> tuple[object, ...]:
    """Changes with whatever could change which runs failed."""
    return data.newest_run(), tuple(run.id for run in data.running())


@caching.remembered(max_entries=1, also=_runs, shared=True)
def _failing() -> frozenset[Key]:
    return runs.failing(caching.registry().database)
