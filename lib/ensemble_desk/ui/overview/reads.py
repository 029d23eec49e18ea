"""What the overview reads of every key at once, put together once for all who look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import UNSERVED, Mode, Production, VersionRecord
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.training import runs
from ensemble_desk.ui.frame import caching, components, data, monitoring_data
from ensemble_desk.ui.overview import rows as fleet_rows
from ensemble_desk.ui.overview.rows import Bars

_MOST = 10_000  # refused versions that are looked through
_SECONDS_OF_BARS = 300  # bars are read anew this often, as in ensemble_desk.ui.frame.data
_minute = caching.every(60)


def _mark() -> tuple[object, ...]:
    """A new answer about the fleet, or rehearsals that may have been made or grown old."""
    return monitoring_data.mark_of_standing(), data.newest_rehearsal(), _minute()


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The whole fleet, ready to be shown; shared by all sessions.

    Attributes
    ----------
    table : one row per key, as :func:`ensemble_desk.ui.frame.components.table` takes it.
    weak : by column, which accuracies rest on too few outcomes.
    newest : of the bars of any key.
    refused : versions that production names and the loader refuses.
    """

    keys: tuple[str, ...]
    table: Any
    weak: Mapping[str, list[bool]]
    n_served: int
    n_pinned: int
    newest: datetime | None
    refused: tuple[VersionRecord, ...]


@caching.remembered(max_entries=1, also=caching.every(_SECONDS_OF_BARS), shared=True)
def _bars() -> Mapping[Key, Bars]:
    """Of every key that the source knows; one after the other, so that each is read once."""
    records, known = data.in_production(), set(data.source_keys())
    found = {}
    for key in (row.key for row in data.fleet() if row.key in known):
        record = records.get(key)
        age = data.age_in_bars(key, record.last_bar) if record and record.last_bar else None
        found[key] = Bars(data.newest_bar(key), age)
    return found


def _refused(fleet: Sequence[Production]) -> tuple[VersionRecord, ...]:
    """What production names and the loader refuses; as long as nothing is wrong this reads three counts."""
    live = {(one.key, one.version) for one in fleet}
    listed = (versions.listing(caching.registry(), state=state, limit=_MOST) for state in UNSERVED if data.count(state))
    return tuple(record for page in listed for record in page.rows if (record.key, record.version) in live)


@caching.remembered(max_entries=1, also=_mark, shared=True)
def board() -> Board:
    fleet, bars, refused = data.fleet(), _bars(), _refused(data.fleet())
    ways_back = readiness.of_fleet(caching.registry())
    records = {**data.in_production(), **{record.key: record for record in refused}}
    rows = fleet_rows.of(fleet, records, monitoring_data.standing(), ways_back, bars)
    return Board(
        keys=tuple(str(row.key) for row in fleet),
        table=components.ready(fleet_rows.frame(rows, now=components.now())),
        weak=fleet_rows.weak(rows),
        n_served=sum(row.version is not None for row in fleet) - len(refused),
        n_pinned=sum(row.mode == Mode.PINNED for row in fleet),
        newest=max((one.newest for one in bars.values() if one.newest), default=None),
        refused=refused,
    )


def failed_runs() -> int:
    """Keys whose newest training run failed."""
    return _failed_runs(data.newest_run(), tuple(run.id for run in data.running()))


@st.cache_data(max_entries=1, show_spinner=False)
def _failed_runs(newest: int, running: tuple[int, ...]) -> int:
    del newest, running  # part of the cache's key: nothing else changes which runs failed, and it takes long to count
    return runs.n_failing(caching.registry().database)
