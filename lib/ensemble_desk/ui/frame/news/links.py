"""The addresses of single moves and of groups of moves, and what was done in a line."""

from collections.abc import Mapping
from datetime import datetime

import streamlit as st

from ensemble_desk.activity import sentences
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.ui.frame import components, wording

FEED, PAGE = "pages/activity.py", "pages/move.py"
MOVE, GROUP = "id", "group"  # names in the address of the page of moves
SHOWN = "page_shown"  # session state: title of the page that this session has shown last


def move(number: int, *, label: str = "") -> None:
    """Lead to the page of a move."""
    _lead({MOVE: str(number)}, label or f"Move {number}", ":material/swap_horiz:")


def group(group_id: str, *, label: str = "") -> None:
    """Lead to the page of moves that were made together."""
    _lead({GROUP: group_id}, wording.plain(label or f"Group {group_id}"), ":material/stacks:")


def is_here() -> bool:
    """Whether the page of moves is the one that is shown."""
    return bool(st.session_state.get(SHOWN) == "Move")


def _lead(address: Mapping[str, str], label: str, icon: str) -> None:
    """Lead to an address of the page of moves; from itself by a button, for a link to the same page leaves the URL."""
    if is_here():
        key = f"open_{address}_{label}"
        st.button(label, icon=icon, type="tertiary", key=key, on_click=st.query_params.from_dict, args=(address,))
    else:
        st.page_link(PAGE, label=label, icon=icon, query_params=dict(address))


def said(row: Deployment) -> str:
    """Say a move with who made it and how long ago: ``**ann** rolled AAPL/d1 back … 8 s ago``."""
    return f"**{wording.plain(row.actor)}** {wording.plain(sentences.move(row))} {ago(row.at)}"


def signature(row: Deployment) -> None:
    """Who made a move and when."""
    st.markdown(
        f"By **{wording.plain(row.actor)}** on {wording.time(row.at)} ({ago(row.at)})",
        help=wording.local_time(row.at, st.context.timezone) or None,
    )


def ago(at: datetime) -> str:
    """How long ago something was, to the second within the last minute."""
    now = components.now()
    seconds = int((now - at).total_seconds())
    return f"{max(0, seconds)} s ago" if seconds < 60 else wording.ago(at, now)  # noqa: PLR2004 - a minute
