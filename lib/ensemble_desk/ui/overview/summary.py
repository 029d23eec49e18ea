"""The overview: the numbers above the fleet, what people must hear of at once, and one row per key."""

import streamlit as st

from ensemble_desk.registry.entities import State
from ensemble_desk.ui.frame import actions, components, data, monitoring_data, wording
from ensemble_desk.ui.frame.standing import Standing
from ensemble_desk.ui.overview import reads as fleet_data
from ensemble_desk.ui.overview import table as fleet_table
from ensemble_desk.ui.overview.reads import Board

_MOST_NAMED = 5


@st.fragment(run_every="15s")
@actions.guard
def show() -> None:
    """Draw the fleet, anew every few seconds."""
    board = fleet_data.board()
    if not board.keys:
        components.nothing_yet()
    standing = monitoring_data.standing()
    _numbers(board, standing)
    _refused(board)
    _tampered(board)
    _confirmed(standing)
    fleet_table.show(board)
    freshness(standing)


def freshness(standing: Standing) -> None:
    """Say when live accuracy was read, while it is not the newest."""
    if standing.current:
        return
    if standing.at is None:
        st.caption(
            "Forecasts and their outcomes are being read; accuracy since training, band and promise appear by "
            "themselves."
        )
    else:
        st.caption(
            f"Accuracy since training, band and promise are of {wording.time(standing.at)} "
            f"({wording.ago(standing.at, components.now())}); a newer answer is on its way."
        )


def _numbers(board: Board, standing: Standing) -> None:
    with st.grid(6, min_column_width=140):
        _number("Keys served", f"{board.n_served} of {len(board.keys)}")
        _number(
            "Confirmed alerts",
            "…" if standing.at is None else str(len(standing.alerts)),
            "Keys whose accuracy has fallen: the alarm rings, and stands among all keys.",
        )
        _number(
            "Not measured",
            "…" if standing.at is None else str(len(standing.unmeasured)),
            "Keys of which nobody can say whether they do well; the drift page says what each lacks.",
        )
        _number("Pinned keys", str(board.n_pinned))
        _number(
            "Failed last runs",
            str(fleet_data.failed_runs()),
            "Keys whose newest training run failed; the training runs page says why.",
        )
        _number("Newest bar", wording.day(board.newest), "Of any key, in UTC.")


def _number(label: str, value: str, explanation: str | None = None) -> None:
    st.metric(label, value, border=True, height="stretch", help=explanation)


def _refused(board: Board) -> None:
    """Say loudly where production names a version that the loader refuses: nothing serves there."""
    if not board.refused:
        return
    told = [f"{wording.plain(str(one.key))} ({one.version} is {one.state})" for one in board.refused[:_MOST_NAMED]]
    more = f" and {len(board.refused) - _MOST_NAMED} more" if len(board.refused) > _MOST_NAMED else ""
    st.error(
        f"Nothing serves {', '.join(told)}{more}: the loader refuses what is live there. Roll back, or restore the "
        "file.",
        icon=":material/gpp_bad:",
    )
    st.page_link(
        "pages/rollback.py",
        label=f"Roll back {board.refused[0].key}",
        icon=":material/arrow_forward:",
        query_params={"key": str(board.refused[0].key)},
    )


def _tampered(board: Board) -> None:
    """Say loudly that bytes differ from what was registered; such a version is refused everywhere."""
    total = data.count(State.TAMPERED) - sum(one.state is State.TAMPERED for one in board.refused)
    if total:
        st.error(
            f"{total} version{'s are' if total != 1 else ' is'} TAMPERED: the file differs from what was registered "
            "and is refused everywhere. Restore it, or go on with another version.",
            icon=":material/gpp_bad:",
        )
        st.page_link(
            "pages/versions.py",
            label="Show them",
            icon=":material/arrow_forward:",
            query_params={"state": str(State.TAMPERED)},
        )


def _confirmed(standing: Standing) -> None:
    """Say loudly where accuracy has fallen, with the way to the evidence."""
    alerts = standing.alerts
    if not alerts:
        return
    named = ", ".join(wording.plain(str(one.key)) for one in alerts[:_MOST_NAMED])
    more = f" and {len(alerts) - _MOST_NAMED} more" if len(alerts) > _MOST_NAMED else ""
    st.error(
        f"Accuracy has fallen, confirmed: {named}{more}. Look at the evidence, then retrain or roll back.",
        icon=":material/trending_down:",
    )
    st.page_link(
        "pages/drift.py",
        label=f"Evidence for {alerts[0].key}",
        icon=":material/arrow_forward:",
        query_params={"key": str(alerts[0].key)},
    )
