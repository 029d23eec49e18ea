"""Trainings that pages of this server have started: how many there may be, and never two of one key."""

import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import streamlit as st

from ensemble_desk.errors import AlreadyTrainingError, TooManyTrainingsError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.opening import Registry
from ensemble_desk.training import run_log, runs


@dataclass(frozen=True, slots=True)
class Begun:
    """A training that was started here, and the file that its output goes to."""

    process: subprocess.Popen[bytes]
    at: datetime
    log: Path


Started = dict[Key, Begun]


@st.cache_resource(max_entries=1, show_spinner=False)
def _started() -> Started:
    return {}


def under_way() -> Started:
    """Give the trainings started here whose processes are alive, for looking only."""
    return {key: one for key, one in dict(_started()).items() if one.process.poll() is None}


def refuse_more(registry: Registry, key: Key) -> Started:
    """Give the trainings that were started here, to add one more.

    Raises
    ------
    AlreadyTrainingError
        When one of this key is under way, wherever it was started: a button that was pressed twice ends here.
    TooManyTrainingsError
    """
    started = _started()
    for known in [known for known, one in started.items() if one.process.poll() is not None]:
        del started[known]
    now = registry.clock()
    run_log.mark_dead(registry.database, at=now)
    run = next((run for run in runs.under_way(registry.database) if run.key == key), None)
    if run is not None:
        raise AlreadyTrainingError(key, run_id=run.id, began=run.run_date, actor=run.actor)
    if key in started:
        raise AlreadyTrainingError(key, run_id=None, began=now, actor="this page")
    if len(started) >= registry.settings.background_trainings:
        raise TooManyTrainingsError(len(started))
    return started
