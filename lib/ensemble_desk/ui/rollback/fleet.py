"""Going back with many keys at once: undo what one training date, or one run, put into production."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import PreflightReport
from ensemble_desk.registry.moves.fleet import FleetTarget
from ensemble_desk.ui.frame import components, data, session, wording
from ensemble_desk.ui.frame.news import links
from ensemble_desk.ui.rollback import fleet_actions
from ensemble_desk.ui.rollback import reads as rollback_data

_ONE, _MANY = "One key", "Many keys"
_SEEN = "fleet_seen"  # session state: what the form was shown for, so that a move is compared with what was seen


def is_asked_for() -> bool:
    """Choose between one key and many; one by default."""
    st.session_state.setdefault("scope", st.query_params.get("scope", _ONE))
    return (
        st.segmented_control(
            "Scope", [_ONE, _MANY], key="scope", bind="query-params", label_visibility="collapsed", required=True
        )
        == _MANY
    )


def section() -> None:
    """Choose a training, see every key's way back, give one reason, go; then the proof."""
    _proof()
    live = data.in_production()
    if not live:
        components.nothing_yet()
    dates = Counter(record.version[:8] for record in live.values())
    runs = {record.run_id: record for record in live.values() if record.run_id is not None}
    left, right = st.columns(2)
    day = left.selectbox(
        "Undo the training of",
        sorted(dates, reverse=True),
        index=None,
        format_func=lambda day: f"{day}, live on {_keys(dates[day])}",
        placeholder="Choose a day",
        key="fleet_day",
    )
    run = right.selectbox(
        "Or of one run",
        sorted(runs, reverse=True),
        index=None,
        format_func=lambda run: f"Run {run}, {runs[run].key} {runs[run].version}",
        placeholder="Choose a run",
        key="fleet_run",
        disabled=day is not None,
        help="Choose no day to choose a run." if day is not None else None,
    )
    if day is None and run is None:
        components.empty("Nothing is chosen yet.", "Choose a training day: every key that is live on it is shown.")
        return
    _offer(_targets(day, run), name=str(day or f"run {run}"))


def _targets(day: str | None, run: int | None) -> tuple[FleetTarget, ...]:
    if day is None:
        return rollback_data.fleet_targets(run_ids=(run,) if run is not None else ())
    return rollback_data.fleet_targets(trained=datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date())


def _offer(found: Sequence[FleetTarget], *, name: str) -> None:
    if not found:
        components.empty(f"No key is live on the training of {name} any more.", "Choose another one.")
        return
    left_out = st.multiselect(
        "Leave out", [str(one.key) for one in found], placeholder="No key", key=f"fleet_left_out_{name}"
    )
    chosen = [one for one in found if str(one.key) not in left_out]
    seen = _seen(chosen, of=(name, *left_out))
    with st.spinner(f"Preflight of {_keys(len(chosen))}"):
        reports = rollback_data.preflights(chosen)
    _table(chosen, reports)
    stuck = [str(one.key) for one in chosen if one.key not in reports or not reports[one.key].passed]
    if stuck:
        st.warning(
            f"{', '.join(map(wording.plain, stuck))} cannot go back, so none of these keys would. Leave "
            f"{'it' if len(stuck) == 1 else 'them'} out to go on with the others.",
            icon=":material/block:",
        )
    why_not = session.why_not(actors.TO_MOVE)
    with st.form("roll_back_fleet"):
        reason = st.text_input("Reason", key="fleet_reason", placeholder="One reason for all of them")
        submitted = st.form_submit_button(
            f"Roll back {_keys(len(chosen))}",
            type="primary",
            disabled=bool(stuck or why_not) or not chosen,
            help=why_not or None,
            key="fleet_submit",
        )
    if submitted:
        fleet_actions.roll_back(seen, reason=reason)


def _seen(chosen: Sequence[FleetTarget], *, of: tuple[str, ...]) -> Sequence[FleetTarget]:
    """Give the targets that the person saw when sending the form: those of the run before this one.

    Whatever somebody else moved in between is not among what was agreed to, and makes the whole move be refused.
    """
    asked, before = st.session_state.get(_SEEN, (of, chosen))
    st.session_state[_SEEN] = (of, tuple(chosen))
    shown: Sequence[FleetTarget] = before if asked == of else chosen
    return shown


def _table(chosen: Sequence[FleetTarget], reports: Mapping[Key, PreflightReport]) -> None:
    frame = pd.DataFrame(
        [
            {
                "Key": str(one.key),
                "Live": one.live,
                "Goes back to": one.target or "nowhere to go",
                "Preflight": [_verdict(reports.get(one.key))],
                "Revision": one.revision,
                "What failed": _failed(reports.get(one.key)),
            }
            for one in chosen
        ]
    )
    if chosen and not frame["What failed"].any():
        frame = frame.drop(columns="What failed")
    components.table(
        frame,
        key="fleet_targets",
        alt="Keys that would go back, each with its preflight",
        columns={
            "Preflight": st.column_config.MultiselectColumn(
                options=["passed", "failed", "none"], color=["green", "red", "gray"]
            )
        },
    )


def _verdict(report: PreflightReport | None) -> str:
    if report is None:
        return "none"
    return "passed" if report.passed else "failed"


def _failed(report: PreflightReport | None) -> str:
    return "; ".join(f"{step.name}: {step.detail}" for step in report.failures) if report else ""


def _proof() -> None:
    """After a move of many keys: what the loader serves for each, and the way back."""
    moved = fleet_actions.last_moved()
    if moved is None:
        return
    rows = [
        {
            "Key": str(row.key),
            "From": row.from_version or "",
            "To": row.to_version or "",
            "The loader serves": shown.version or "nothing",
            "Proof": ["matches" if shown.matches else "mismatch"],
            "Took": wording.duration(shown.milliseconds / 1000),
            "What is wrong": "" if shown.matches else shown.detail,
        }
        for row, shown in moved.moves
    ]
    wrong = [row for row, shown in moved.moves if not shown.matches]
    if wrong:
        st.error(
            f"The loader does not serve what history says for {_keys(len(wrong))}. Run: desk registry verify",
            icon=":material/gpp_bad:",
        )
    else:
        what = "are back where they were" if moved.is_undo else "went back"
        st.success(f"{_keys(len(rows)).capitalize()} {what}, as group {moved.group_id}.", icon=":material/verified:")
    links.group(moved.group_id, label=f"Group {moved.group_id}, to look at later or to undo")
    frame = pd.DataFrame(rows)
    components.table(
        frame if wrong else frame.drop(columns="What is wrong"),
        key="fleet_proof",
        alt="What the loader serves for every key that moved",
        columns={"Proof": st.column_config.MultiselectColumn(options=["matches", "mismatch"], color=["green", "red"])},
    )
    if not moved.is_undo:
        with st.form("undo_fleet", border=False):
            if st.form_submit_button("Undo all", icon=":material/undo:", key="fleet_undo"):
                fleet_actions.undo_all(moved.group_id, reason=moved.moves[0][0].reason)


def _keys(n: int) -> str:
    return f"{n} key{'' if n == 1 else 's'}"
