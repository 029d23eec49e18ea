"""The overview: what needs somebody, then the fleet, drawn anew every few seconds."""

import streamlit as st

from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.ui.frame import actions, components, monitoring_data, wording
from ensemble_desk.ui.frame.help import personal
from ensemble_desk.ui.frame.standing import Standing
from ensemble_desk.ui.overview import fleet, needs
from ensemble_desk.ui.overview import reads as fleet_data


@st.fragment(run_every="15s")
@actions.guard
def show() -> None:
    """Draw the fleet, anew every few seconds."""
    board = fleet_data.board()
    if not board.rows:
        components.nothing_yet()
    needs.show(board)
    fleet.show(board, watched=personal.marked(Kind.WATCHED))
    freshness(monitoring_data.standing())


def freshness(standing: Standing) -> None:
    """Say when live accuracy was read, while it is not the newest."""
    if standing.current:
        return
    if standing.at is None:
        st.caption(
            "Forecasts and their outcomes are being read; accuracy since training and standing appear by themselves."
        )
    else:
        st.caption(
            f"Accuracy since training and standing are of {wording.time(standing.at)} "
            f"({wording.ago(standing.at, components.now())}); a newer answer is on its way."
        )
