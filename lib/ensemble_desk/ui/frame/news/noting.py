"""Notes on a version or a move: everybody reads them, operators write them."""

from collections.abc import Sequence

import streamlit as st

from ensemble_desk.activity import notes
from ensemble_desk.activity.notes import Note
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import Deployment, State, VersionRecord
from ensemble_desk.ui.frame import actions, caching, session, wording
from ensemble_desk.ui.frame.news import reads


def of_version(record: VersionRecord) -> None:
    """The notes on a version, and the form for one more."""
    found = reads.notes_on_version(record.key, record.version)
    _told(found)
    if record.state is not State.PRUNED:
        _form(f"{record.key} {record.version} {len(found)}", record)


def of_move(row: Deployment) -> None:
    """The notes on a move, and the form for one more."""
    found = reads.notes_on_move(row)
    _told(found)
    _form(f"{row.id} {len(found)}", row)


def _told(found: Sequence[Note]) -> None:
    for one in found:
        st.markdown(
            f":material/sticky_note_2: {wording.plain(one.text)}  \n"
            f":gray[{wording.plain(one.actor)}, {wording.time(one.at)}]"
        )


def _form(name: str, about: VersionRecord | Deployment) -> None:
    why_not = session.why_not(actors.TO_NOTE)  # the name ends in how many there are: the next form is an empty one
    with st.form(f"note_{name}", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Note", key=f"note_text_{name}", placeholder="What everybody should know", disabled=bool(why_not)
        )
        submitted = st.form_submit_button(
            "Add", icon=":material/add:", key=f"note_submit_{name}", disabled=bool(why_not), help=why_not or None
        )
    if submitted:
        _add(about, text)


@actions.guard
def _add(about: VersionRecord | Deployment, text: str) -> None:
    actor = session.actor(caching.settings())
    if isinstance(about, Deployment):
        notes.on_move(caching.registry(), about, text, actor=actor)
    else:
        notes.on_version(caching.registry(), about.key, about.version, text, actor=actor)
    reads.forget()
    st.rerun()
