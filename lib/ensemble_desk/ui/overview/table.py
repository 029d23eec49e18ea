"""The fleet as a table: how its columns look and what they mean, and where a row leads."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ensemble_desk.registry.entities import UNSERVED, Mode
from ensemble_desk.registry.preflight.readiness import Going
from ensemble_desk.ui.frame import components
from ensemble_desk.ui.frame.keys import wording as drift_wording
from ensemble_desk.ui.overview.reads import Board
from ensemble_desk.ui.overview.rows import OLD, SINCE, VALIDATED, WAITS, refusal

_OPEN, _ROLL_BACK = "fleet_open", "fleet_roll_back"
_GOING = {
    Going.READY: "green",
    Going.NOT_READY: "red",
    Going.NOT_REHEARSED: "gray",
    Going.NOWHERE: "red",
    Going.NO_EARLIER: "gray",
}


def show(board: Board) -> None:
    components.table(
        board.table,
        key="fleet",
        alt="What is in production for every key and how it does",
        columns=_columns(board.keys),
        weak=board.weak,
    )


def _columns(keys: Sequence[str]) -> dict[str, Any]:
    chips = drift_wording.chip_colours() | drift_wording.SKILL_COLOURS | {refusal(state): "red" for state in UNSERVED}
    return {
        "Key": st.column_config.TextColumn(pinned=True),
        SINCE: st.column_config.TextColumn(
            help="Of all forecasts of this version whose outcome is known: an interval that holds at every look, "
            "forecasts, majority of the same rows. Live ones were made before their outcome; replayed ones afterwards, "
            "from what was known then. Grey below 20 independent outcomes."
        ),
        "Band": st.column_config.MultiselectColumn(
            options=list(chips),
            color=list(chips.values()),
            help="How far the newest outcomes, or those since a change, lie below the validated accuracy. Only a "
            "confirmed fall is an alert: its alarm stands across the fleet. Whether it beats the usual rates is told "
            "beside it once that is settled.",
        ),
        "Rolling": st.column_config.LineChartColumn(
            y_min=0,
            y_max=100,
            color="gray",
            width=60,
            help="Accuracy in percent of the newest outcomes, after each.",
        ),
        VALIDATED: st.column_config.TextColumn(
            help="On the holdout that neither models nor weights saw: interval, rows, majority baseline. "
            "Grey below 20 independent outcomes."
        ),
        "Skill": st.column_config.TextColumn(
            help="Log-loss of all forecasts since training minus that of the usual rates, with an interval that holds "
            "at every look; negative is better."
        ),
        "Promised": st.column_config.TextColumn(
            help="What the forecasts' own confidences add up to, and Z: how far reality lies above (+) or below (−), "
            "in standard errors that hold at every look."
        ),
        "Performance": _button(_OPEN, "", "pages/performance.py", keys),
        "Rollback": _button(_ROLL_BACK, " ", "pages/rollback.py", keys),
        "Way back": st.column_config.MultiselectColumn(
            options=[*map(str, _GOING), OLD],
            color=[*_GOING.values(), "orange"],
            help="Whether a rollback would pass now: its preflight, as last rehearsed. Outdated after a day.",
        ),
        "Mode": st.column_config.MultiselectColumn(
            options=[str(Mode.FOLLOW_LATEST), str(Mode.PINNED), WAITS],
            color=["gray", "violet", "orange"],
            help="A pinned key stays where it is until somebody promotes a newer version or follows latest again.",
        ),
        "Age (bars)": st.column_config.NumberColumn(
            format="localized", help="Bars of the source that came after the last bar the version learnt from."
        ),
        "Since": components.time_column("Since"),
    }


def _button(click: str, label: str, page: str, keys: Sequence[str]) -> Any:
    return st.column_config.ButtonColumn(label, type="tertiary", key=click, on_click=_go, args=(page, click, keys))


def _go(page: str, click: str, keys: Sequence[str]) -> None:
    """Open a page for the key of the clicked row."""
    st.switch_page(page, query_params={"key": keys[st.session_state[click].row]})
