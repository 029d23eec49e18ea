"""The page of moves that were made together: each with what came of it, and Undo of all while that is possible."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ensemble_desk.activity import sentences
from ensemble_desk.activity.move_story import Story
from ensemble_desk.registry import actors
from ensemble_desk.ui.frame import components, session, wording
from ensemble_desk.ui.frame.news import links, reads

_MOST_LINKED = 12


def asked() -> Sequence[Story] | None:
    """The group that the address names; None when it names none."""
    group_id = st.query_params.get(links.GROUP)
    return None if group_id is None else reads.group(group_id)


def headline(stories: Sequence[Story]) -> None:
    """What was done together, by whom, when and why."""
    first = stories[0].row
    with st.container(border=True):
        st.header(
            wording.plain(f"Group {first.group_id}: {first.action} of {len(stories)} keys"),
            anchor=False,
            width="content",
        )
        links.signature(first)
        st.markdown(f"“{wording.plain(first.reason) or 'no reason recorded'}”")


def table(stories: Sequence[Story]) -> None:
    """Every move of the group, and what its key has done since."""
    rows = [
        {
            "Key": str(one.row.key),
            "From": one.row.from_version or "",
            "To": one.row.to_version or "",
            "Serves now": one.production.version or "nothing",
            "Besides": "; ".join(said.partition(":")[0].rstrip(".") for said in one.besides),
            "Since then": _since(one),
        }
        for one in stories
    ]
    components.table(pd.DataFrame(rows), key="group_moves", alt="Moves that were made together")
    with st.container(horizontal=True):
        for one in stories[:_MOST_LINKED]:
            links.move(one.row.id, label=str(one.row.key))


def _since(story: Story) -> str:
    if not story.row.has_moved:
        return "refused"
    return "nothing" if story.after is None else f"{sentences.move(story.after)} ({story.after.actor})"


def undo_pressed(stories: Sequence[Story]) -> bool:
    """Offer to take all of them back, which is possible while none of their keys has moved since."""
    moved = [one for one in stories if one.row.has_moved]
    if not moved or not all(one.undoable for one in moved):
        stuck = [str(one.row.key) for one in moved if not one.undoable]
        if stuck:
            st.caption(f"Undo is over: {wording.plain(', '.join(stuck[:4]))} moved since, or began with this.")
        return False
    why_not = session.why_not(actors.TO_MOVE)
    with st.form("undo_group", border=False):
        return st.form_submit_button(
            f"Undo all {len(moved)}",
            icon=":material/undo:",
            key="undo_group_submit",
            disabled=bool(why_not),
            help=why_not or None,
        )
