"""Trainings that were started here, from the press on: that they begin, how they ended, what became of production."""

from collections.abc import Mapping, Sequence

import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode, State
from ensemble_desk.training import runs
from ensemble_desk.training.runs import RunRecord
from ensemble_desk.ui.frame import actions, background, components, data, wording
from ensemble_desk.ui.frame.background import Begun

_LAST_LINES = 12


def beginning(found: Sequence[RunRecord]) -> Mapping[Key, str]:
    """Keys whose training was started here and has no row of its own yet, each with how long that lasts."""
    running = {run.key for run in found}
    waiting = {key: one for key, one in background.under_way().items() if key not in running and _run(key, one) is None}
    return {key: wording.duration((components.now() - one.at).total_seconds() // 1) for key, one in waiting.items()}


def ended() -> None:
    """Say of every training of this session that has ended how that was."""
    started: Mapping[Key, Begun] = st.session_state.get(actions.TRAININGS, {})
    for key, one in started.items():
        run = _run(key, one)
        if run is not None and run.status != runs.RUNNING:
            outcome(run)
        elif run is None and one.process.poll() is not None:
            st.error(f"The training of {key} ended before it began. Its output:", icon=":material/error:")
            st.code("\n".join(one.log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]), language=None)


def outcome(run: RunRecord) -> None:
    """How a run ended, with its version and what became of production."""
    if run.status == runs.FAILED:
        told = f"The training of {run.key} failed: {run.error_message or 'it left no error'} Production is unchanged."
        st.error(wording.plain(told), icon=":material/error:")
        return
    if run.status != runs.COMPLETED or run.version is None or run.key not in data.known_keys():
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(
            f"The training of {run.key} made {run.version}. {_became(run.key, run.version)}", icon=":material/done:"
        )
        query = {"view": "One version", "key": str(run.key), "version": run.version}
        st.page_link("pages/versions.py", label=run.version, icon=":material/inventory_2:", query_params=query)
        query = {"key": str(run.key)}
        st.page_link("pages/rollback.py", label="Production", icon=":material/history:", query_params=query)


def _run(key: Key, begun: Begun) -> RunRecord | None:
    """The run of a training that was started here, once it has a row."""
    run = data.newest_run_of(key)
    return run if run is not None and run.run_date >= begun.at else None


def _became(key: Key, version: str) -> str:
    production = data.production(key)
    if production.version == version:
        return "It is live." if production.mode is Mode.PINNED else f"It is live, because {key} follows the latest."
    record = next((one for one in data.versions(key) if one.version == version), None)
    serves = f"{production.version or 'Nothing'} serves {key}"
    if record is None:
        return f"It is gone since. {serves}."
    if record.state is State.UNFIT:
        return f"It did not go live: {wording.plain(record.problem)} {serves}."
    if record.state is State.AVAILABLE and production.mode is Mode.PINNED:
        return f"It waits, because {key} is pinned. {serves} until somebody promotes it."
    return f"It is {record.state}. {serves}."
