"""The addresses of single moves and of groups of moves, and what was done in a line."""

from datetime import datetime

import streamlit as st

from ensemble_desk.activity import sentences
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.ui.frame import components, wording

FEED, PAGE = "pages/activity.py", "pages/move.py"
MOVE, GROUP = "id", "group"  # names in the address of the page of moves


def move(number: int, *, label: str = "") -> None:
    """Lead to the page of a move."""
    st.page_link(PAGE, label=label or f"Move {number}", icon=":material/swap_horiz:", query_params={MOVE: str(number)})


def group(group_id: str, *, label: str = "") -> None:
    """Lead to the page of moves that were made together."""
    name = label or f"Group {group_id}"
    st.page_link(PAGE, label=wording.plain(name), icon=":material/stacks:", query_params={GROUP: group_id})


def said(row: Deployment) -> str:
    """Say a move with who made it and how long ago: ``**ann** rolled AAPL/d1 back … 8 s ago``."""
    return f"**{wording.plain(row.actor)}** {wording.plain(sentences.move(row))} {ago(row.at)}"


def ago(at: datetime) -> str:
    """How long ago something was, to the second within the last minute."""
    now = components.now()
    seconds = int((now - at).total_seconds())
    return f"{max(0, seconds)} s ago" if seconds < 60 else wording.ago(at, now)  # noqa: PLR2004 - a minute
