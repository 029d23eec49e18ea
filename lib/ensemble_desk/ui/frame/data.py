"""Everything pages read, cached and bounded; a cheap probe of what changed is part of every cache's key."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from importlib import metadata
from typing import Any

import streamlit as st

from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ages
from ensemble_desk.registry.entities import Deployment, PreflightReport, Production, State, VersionRecord
from ensemble_desk.registry.index import descriptions as telling
from ensemble_desk.registry.index import pruned as graves
from ensemble_desk.registry.index import versions as index
from ensemble_desk.registry.index.descriptions import Told
from ensemble_desk.registry.index.versions import VersionPage
from ensemble_desk.registry.ledger import history
from ensemble_desk.registry.ledger import production as pointers
from ensemble_desk.registry.ledger.history import LiveThen
from ensemble_desk.registry.preflight import readiness as rehearsals
from ensemble_desk.registry.preflight import replay as replays
from ensemble_desk.registry.preflight import steps as checks
from ensemble_desk.registry.preflight.readiness import Readiness
from ensemble_desk.registry.preflight.replay import Replay
from ensemble_desk.training import copied_runs, run_log, runs
from ensemble_desk.training.runs import RunPage, RunRecord
from ensemble_desk.ui.frame import caching
from ensemble_desk.ui.frame.filters import RunFilter, VersionFilter

_MOST_KEYS = 10_000


@caching.remembered(max_entries=1, shared=True)
def known_keys() -> tuple[Key, ...]:
    return index.keys(caching.registry())


@caching.remembered(max_entries=1, shared=True)
def key_names() -> tuple[str, ...]:
    """The same in words; every session remembers what its widgets offered, so all of them are given the same."""
    return tuple(map(str, known_keys()))


@caching.remembered(max_entries=1, shared=True)
def known_symbols() -> tuple[str, ...]:
    return tuple(sorted({key.symbol for key in known_keys()}))


@caching.remembered(max_entries=1, shared=True)
def trainable() -> tuple[str, ...]:
    """Keys with bars or with versions, in words."""
    return tuple(sorted({str(key) for key in (*source_keys(), *known_keys())}))


@caching.remembered(max_entries=1, shared=True)
def fleet() -> tuple[Production, ...]:
    return pointers.fleet(caching.registry())


@caching.remembered(max_entries=8)
def count(state: State) -> int:
    return index.listing(caching.registry(), state=state, limit=1).total


@caching.remembered(max_entries=1, shared=True)
def in_production() -> Mapping[Key, VersionRecord]:
    """The versions that serve, by key."""
    page = index.listing(caching.registry(), state=State.IN_PRODUCTION, limit=_MOST_KEYS)
    return {record.key: record for record in page.rows}


@caching.remembered(max_entries=256, shared=True)
def production(key: Key) -> Production:
    return pointers.read(caching.registry(), key)


@caching.remembered(max_entries=64, shared=True)
def versions(key: Key) -> tuple[VersionRecord, ...]:
    """Every version of a key, newest first."""
    return index.of_key(caching.registry(), key)


@caching.remembered(max_entries=512, shared=True)
def version(key: Key, name: str) -> VersionRecord:
    return index.get(caching.registry(), key, name)


@caching.remembered(max_entries=128, shared=True)
def manifest(key: Key, name: str) -> Mapping[str, Any]:
    """What a version tells about itself, also a pruned one, from the database; no artifact is opened."""
    return dict(graves.manifest(caching.registry(), key, name) or index.manifest(caching.registry(), key, name))


@caching.remembered(max_entries=128)
def descriptions(key: Key, name: str) -> tuple[Told, ...]:
    """What people told of a version, newest first."""
    return telling.history(caching.registry(), key, name)


def is_expired(record: VersionRecord) -> bool:
    """Whether a version is older than the settings allow, as of now."""
    return ages.is_expired(caching.settings(), record.key, record.version, now=datetime.now(UTC))


@caching.remembered(max_entries=128)
def pruned(key: Key, name: str) -> VersionRecord | None:
    """What is left of a pruned version; None when no such version was pruned."""
    return graves.get(caching.registry(), key, name)


@caching.remembered(max_entries=256, shared=True)
def version_page(chosen: VersionFilter, number: int) -> VersionPage:
    """Page ``number`` (from 1) of the filtered index; a page's place is known from the one before it."""
    after = None if number == 1 else version_page(chosen, number - 1).next_cursor
    return index.listing(
        caching.registry(),
        symbol=chosen.symbol,
        timeframe=chosen.timeframe,
        state=chosen.state,
        since=_start(chosen.since),
        until=_start(chosen.until, days_later=1),
        order=chosen.order,
        descending=chosen.descending,
        limit=chosen.limit,
        after=after,
    )


def _start(day: date | None, *, days_later: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC) + timedelta(days=days_later)


@caching.remembered(max_entries=64, shared=True)
def deployments(key: Key | None = None, *, limit: int = 200) -> tuple[Deployment, ...]:
    """Moves and refused attempts, newest first."""
    return history.deployments(caching.registry(), key, limit=limit)


@caching.remembered(max_entries=64)
def live_at(key: Key, at: datetime) -> LiveThen:
    return history.live_at(caching.registry(), key, at)


@caching.remembered(max_entries=64, shared=True)
def preflight(key: Key, name: str) -> PreflightReport:
    """Run the preflight of a version; the report says when, and is made anew when anything has changed."""
    return checks.run(caching.registry(), key, name)


@st.cache_data(ttl=1, max_entries=1, show_spinner=False)
def newest_rehearsal() -> datetime | None:
    return rehearsals.newest_at(caching.registry())


@caching.remembered(max_entries=256, also=newest_rehearsal)
def way_back(key: Key) -> Readiness:
    """Whether production of a key could go back now, as last rehearsed."""
    return rehearsals.of_key(caching.registry(), key)


@caching.remembered(max_entries=64, shared=True)
def replay(key: Key, current: str, target: str, *, until: datetime | None = None) -> Replay:
    """Ask both versions about the newest bars, or the newest that there were at a moment."""
    return replays.replay(caching.registry(), key, current, target, until=until)


@caching.remembered(max_entries=64, shared=True)
def run_page(chosen: RunFilter, number: int) -> RunPage:
    before = None if number == 1 else run_page(chosen, number - 1).next_before
    return runs.listing(
        caching.registry().database,
        status=chosen.status,
        symbol=chosen.symbol,
        timeframe=chosen.timeframe,
        limit=chosen.limit,
        before=before,
    )


@caching.kept(seconds=300, max_entries=1, shared=True)
def runs_kept_apart() -> str:
    return copied_runs.kept_apart(caching.registry().database)


@caching.remembered(max_entries=64)
def run(number: int) -> RunRecord:
    return runs.get(caching.registry().database, number)


@caching.kept(seconds=1, max_entries=64, shared=True)
def newest_run_of(key: Key) -> RunRecord | None:
    """The newest run of a key, at most a second old."""
    return runs.newest_of(caching.registry().database, key)


@st.cache_data(ttl=1, max_entries=1, show_spinner=False)
def running() -> tuple[RunRecord, ...]:
    """Runs under way, with how far they are; one whose process is gone is failed first."""
    desk = caching.registry()
    run_log.mark_dead(desk.database, at=desk.clock())
    return runs.under_way(desk.database, limit=20)


@st.cache_data(ttl=1, max_entries=1, show_spinner=False)
def newest_run() -> int:
    """Number of the newest run, 0 when there is none."""
    with caching.registry().database.reading() as connection:
        return runs.newest_id(connection)


@caching.kept(seconds=300, max_entries=64, shared=True)
def bars(key: Key) -> Bars:
    return caching.registry().source.bars(key)


@caching.kept(seconds=300, max_entries=1, shared=True)
def source_keys() -> tuple[Key, ...]:
    """Keys the configured source has bars of."""
    return caching.registry().source.keys()


@caching.kept(seconds=300, max_entries=256, shared=True)
def source_of(key: Key) -> str:
    """Where the bars of a key come from and up to which bar."""
    source = caching.registry().source
    return source.describe(key) if key in source_keys() else f"no bars of {key} in the source {source.name}"


@caching.kept(seconds=300, max_entries=512, shared=True)
def age_in_bars(key: Key, last_bar: datetime) -> int | None:
    """How many bars have come since the last one that a version learnt from."""
    return caching.registry().source.count(key, since=last_bar) if key in source_keys() else None


@st.cache_data(max_entries=64, show_spinner=False)
def installed(library: str) -> str:
    """Version of a library in this process's environment."""
    found = next(iter(metadata.distributions(name=library)), None)
    return "not installed" if found is None else found.version
