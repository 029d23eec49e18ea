"""Training runs: those under way with their progress, all of them, one in full, and the form that starts one."""

from collections.abc import Collection, Sequence
from datetime import date

import pandas as pd
import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.training import runs
from ensemble_desk.training.runs import RunRecord
from ensemble_desk.ui.frame import actions as page_actions
from ensemble_desk.ui.frame import caching, components, data, session, wording
from ensemble_desk.ui.frame.filters import RunFilter
from ensemble_desk.ui.training_runs import following

_EARLIEST = date(1970, 1, 1)
_SEEN = "runs_seen"
_COLOURS = {runs.RUNNING: "blue", runs.COMPLETED: "green", runs.FAILED: "red"}


@st.fragment(run_every="1s")
@page_actions.guard
def under_way() -> None:
    """Runs that are running now, step by step, and what came of those that this session has started."""
    found, newest = data.running(), data.newest_run()
    seen = [newest, [run.id for run in found]]
    if st.session_state.setdefault(_SEEN, seen) != seen:  # one has begun or ended: the list below is out of date
        st.session_state[_SEEN] = seen
        caching.forget()
        st.rerun()
    begins = following.beginning(found)
    if not found and not begins:
        st.caption("No training is running.")
    for key, lasted in begins.items():
        st.progress(0.0, text=f"**{key}** begins · {lasted}")
    for run in found:
        share = 0.0 if not run.n_steps else min(1.0, max(run.step - 1, 0) / run.n_steps)
        lasted = wording.duration(max(0.0, (components.now() - run.run_date).total_seconds() // 1))
        st.progress(share, text=f"**{run.key}** step {run.step} of {run.n_steps}: {run.step_name} · {lasted}")
    following.ended()


def asked() -> None:
    """The run that the address names, in full."""
    number = st.query_params.get("run")
    if number is None or not number.isdecimal():
        return
    run = data.run(int(number))
    with st.container(border=True):
        what = f"{run.version or 'no version'}, {run.status}"
        st.header(wording.plain(f"Run {run.id}: {run.key}, {what}"), anchor=False)
        components.time_line(f"By {wording.plain(run.actor) or run.source}, begun", run.run_date)
        following.outcome(run)
        _in_full(run)


def filters() -> RunFilter:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        status = st.selectbox(
            "Status", list(runs.STATUSES), index=None, placeholder="All", key="status", bind="query-params", width=150
        )
        symbols = data.known_symbols()
        symbol = st.selectbox(
            "Symbol", symbols, index=None, placeholder="All", key="run_symbol", bind="query-params", width=150
        )
    return RunFilter(status=status, symbol=symbol)


def listing(chosen: RunFilter) -> None:
    """One page of runs, newest first."""
    total = data.run_page(chosen, 1).total
    if not total:
        components.empty("No training run yet.", "Start one above, or train a whole set:", command="make demo")
        return
    slot = st.container()
    n_pages = -(-total // chosen.limit)
    with st.container(horizontal=True, vertical_alignment="center"):
        number = st.pagination(n_pages, max_visible_pages=0, key="run_page", bind="query-params")
        st.caption(f"Page {number:,} of {n_pages:,} · {total:,} run{'s' if total != 1 else ''}")
    page = data.run_page(chosen, number)
    kept_apart = data.runs_kept_apart()
    if kept_apart:
        st.caption(wording.plain(kept_apart))
    with slot:
        caching.show_once(("runs", caching.Same(page)), lambda: _table(page.rows))
    _one(page.rows)


def _table(rows: Sequence[RunRecord]) -> None:
    known = frozenset(data.known_keys())
    frame = pd.DataFrame(
        [
            {
                "Run": run.id,
                "Key": str(run.key),
                "Status": [run.status],
                "Started": run.run_date,
                "Duration": "" if run.seconds is None else wording.duration(run.seconds),
                "As of": wording.day(run.as_of) if run.as_of else "all bars",
                "Version": run.version or "",
                "Holdout accuracy": _accuracy(run, known),
                "Rows": _rows(run),
                "By": run.actor if run.source == runs.OURS else run.source,
                "Error": run.error_message or "",
            }
            for run in rows
        ]
    )
    components.table(
        frame,
        key="runs",
        alt="Training runs, newest first",
        columns={
            "Status": st.column_config.MultiselectColumn(options=list(_COLOURS), color=list(_COLOURS.values())),
            "Started": components.time_column("Started"),
            "Rows": st.column_config.TextColumn(help="Training rows + holdout rows"),
        },
    )


def _accuracy(run: RunRecord, known: Collection[Key]) -> str:
    """The accuracy with all that belongs to it, from the version that came of the run, else what the run tells."""
    if run.ensemble_validation_accuracy is None:
        return ""
    made = data.versions(run.key) if run.key in known else ()
    record = next((record for record in made if record.version == run.version), None)
    if record is not None:
        return wording.accuracy_of(record)
    return wording.accuracy(run.ensemble_validation_accuracy, n=run.n_validation_samples)


def _rows(run: RunRecord) -> str:
    if run.n_training_samples is None or run.n_validation_samples is None:
        return ""
    return f"{run.n_training_samples:,} + {run.n_validation_samples:,}"


def _one(rows: Sequence[RunRecord]) -> None:
    """One run in full: its error and its log."""
    told = {run.id: f"{run.id} · {run.key} · {run.status}" for run in rows}
    chosen = st.selectbox(
        "Read the log of run",
        list(told),
        index=None,
        format_func=told.__getitem__,
        placeholder="Choose a run",
        key="run_log",
    )
    run = next((run for run in rows if run.id == chosen), None)
    if run is not None:
        _in_full(run)


def _in_full(run: RunRecord) -> None:
    if run.error_message:
        st.error(wording.plain(run.error_message), icon=":material/error:")
    st.code(run.log or "This run left no log.", language=None)


def start_form() -> None:
    """Ask what to train; the training runs on when this page is closed."""
    keys, why_not = data.trainable(), session.why_not(actors.TO_MOVE)
    with st.form("train"), st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox("Key", keys, index=None, placeholder="Choose a key", key="train_key", width=200)
        as_of = st.date_input(
            "As of",
            None,
            min_value=_EARLIEST,
            key="train_as_of",
            width=170,
            help="Bars up to this day; empty: all bars.",
        )
        submitted = st.form_submit_button(
            "Start training",
            icon=":material/play_arrow:",
            key="train_submit",
            disabled=bool(why_not),
            help=why_not or None,
        )
    if submitted and key is None:
        components.choose_first("a key")
    elif submitted and key is not None:
        page_actions.train(Key.parse(key), as_of=as_of)
