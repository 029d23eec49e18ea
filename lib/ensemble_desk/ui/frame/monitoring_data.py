"""What pages read of forecasts and their outcomes, cached until a newer one is there."""

from datetime import datetime

import numpy as np
import streamlit as st

from ensemble_desk.evaluation.comparison import Comparison
from ensemble_desk.figures.mailed import report
from ensemble_desk.forecasting import log, outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily, diagnosis, drift, live, reporting, scoreboard, simulator
from ensemble_desk.monitoring import so_far as sequences
from ensemble_desk.monitoring.daily import BandHistory
from ensemble_desk.monitoring.diagnosis import Diagnosis
from ensemble_desk.monitoring.drift import EvidencePath
from ensemble_desk.monitoring.live import LiveAccuracy
from ensemble_desk.monitoring.scoreboard import MemberScore
from ensemble_desk.monitoring.simulator import Simulation
from ensemble_desk.monitoring.so_far import SoFar
from ensemble_desk.monitoring.worth import records
from ensemble_desk.monitoring.worth.records import Record
from ensemble_desk.registry.index import descriptions
from ensemble_desk.registry.ledger import history
from ensemble_desk.ui.frame import caching
from ensemble_desk.ui.frame.standing import Mark, Standing, Watch

_SEED = 20_250_121  # of the imitated years: the same question has the same answer

_SECONDS_OF_BARS = 300  # bars are read anew this often, as in ensemble_desk.ui.frame.data


@caching.remembered(max_entries=1, also=caching.every(1), shared=True)
def newest() -> Mark:
    """Numbers of the newest move, forecast, outcome and description."""
    desk = caching.registry()
    with desk.database.reading() as connection:
        told = descriptions.newest_id(connection)
    return history.newest_id(desk), log.newest_id(desk.database), outcomes.newest_id(desk.database), told


@st.cache_resource(max_entries=1, show_spinner=False)
def _watch() -> Watch:
    return Watch()


def standing() -> Standing:
    """How the fleet stands; at a large log the last answer, while a newer one is read beside the pages."""
    return _watch().ask(caching.registry(), mark=newest())


def mark_of_standing() -> tuple[datetime | None, bool]:
    """Changes with every new answer about the fleet."""
    told = standing()
    return told.at, told.current


@caching.remembered(max_entries=64, also=newest, shared=True)
def accuracy(
    key: Key,
    *,
    version: str | None,
    horizon: str | None = None,
    kind: Kind | None = None,
) -> LiveAccuracy:
    return live.accuracy(caching.registry(), key, version=version, horizon=horizon, kinds=_kinds(kind))


@caching.remembered(max_entries=32, also=newest, shared=True)
def value_of(key: Key, version: str | None) -> Record:
    return records.record(caching.registry(), key, version=version)


@caching.remembered(max_entries=64, also=newest, shared=True)
def so_far(key: Key, *, version: str | None, horizon: str | None, kind: Kind | None) -> SoFar:
    """Accuracy of all outcomes up to each moment, with its confidence sequence."""
    return sequences.path(caching.registry(), key, version=version, horizon=horizon, kinds=_kinds(kind))


@caching.remembered(max_entries=64, also=newest, shared=True)
def members(key: Key, *, version: str, horizon: str | None, kind: Kind | None) -> tuple[MemberScore, ...]:
    return scoreboard.members(caching.registry(), key, version=version, horizon=horizon, kinds=_kinds(kind))


@caching.remembered(max_entries=32, also=newest, shared=True)
def side_by_side(key: Key, first: str, second: str) -> Comparison | None:
    """The second version against the first on the bars that both forecast."""
    return scoreboard.versions(caching.registry(), key, first=first, second=second)


@caching.remembered(max_entries=32, also=newest, shared=True)
def evidence(key: Key, version: str) -> EvidencePath | None:
    return drift.path(caching.registry(), key, version=version)


@caching.remembered(max_entries=32, also=newest, shared=True)
def bands_of(key: Key) -> BandHistory:
    """The band of every day, by the version that spoke then."""
    return daily.history(caching.registry(), key)


@caching.kept(seconds=_SECONDS_OF_BARS, max_entries=32, shared=True)
def features_of(key: Key, version: str) -> Diagnosis:
    return diagnosis.features_of(caching.registry(), key, version=version)


@caching.remembered(max_entries=32, also=newest)
def simulation(key: Key, version: str, *, drop_points: int) -> Simulation:
    """Imitated years under both rules; takes about a second."""
    return simulator.of_version(
        caching.registry(),
        key,
        generator=np.random.default_rng(_SEED),
        version=version,
        drop=drop_points / 100,
    )


def report_of(key: Key) -> bytes:
    """The report of a key as one HTML file, made anew each time: it is large and asked for rarely."""
    return report.html(reporting.collect(caching.registry(), key)).encode()


def _kinds(kind: Kind | None) -> list[Kind] | None:
    return None if kind is None else [kind]
