"""The page of a move: what, who and why, what else it changed, its proof, and Undo while that is possible."""

import streamlit as st

from ensemble_desk.activity import sentences
from ensemble_desk.activity.move_story import Story
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import Deployment, PreflightReport, Step
from ensemble_desk.registry.serving.proof import Proof
from ensemble_desk.ui.frame import actions, caching, components, data, session, wording
from ensemble_desk.ui.frame.news import links, reads


def back() -> None:
    """Lead to all that was done."""
    st.page_link(links.FEED, label="All activity", icon=":material/arrow_back:")


def asked() -> Story:
    """The move that the address names; stops the page where it names none."""
    number = st.query_params.get(links.MOVE, "")
    if not number.isdecimal():
        components.empty("This address names no move.", "Choose one among all activity.")
        st.stop()
    return reads.story(int(number))


def headline(story: Story) -> None:
    """What was done, by whom, when and why, and whether it still holds."""
    row = story.row
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            what = sentences.move(row)
            st.header(wording.plain(what[0].upper() + what[1:]), anchor=False, width="content")
            _standing_badge(story)
        links.signature(row)
        if row.refusal:
            st.warning(wording.plain(row.refusal), icon=":material/block:")
        st.markdown(f"“{wording.plain(row.reason) or 'no reason recorded'}”")
        with st.container(horizontal=True, vertical_alignment="center"):
            query = {"key": str(row.key)}
            st.page_link("pages/rollback.py", label=str(row.key), icon=":material/history:", query_params=query)
            for version in dict.fromkeys((row.from_version, row.to_version, row.subject)):
                if version is not None:
                    query = {"view": "One version", "key": str(row.key), "version": version}
                    icon = ":material/inventory_2:"
                    st.page_link("pages/versions.py", label=version, icon=icon, query_params=query)
            if row.group_id is not None:
                links.group(row.group_id)


def _standing_badge(story: Story) -> None:
    if not story.row.has_moved:
        st.badge("Refused", icon=":material/block:", color="orange")
    elif story.after is None:
        st.badge("The newest move of its key", icon=":material/rocket_launch:", color="green")
    else:
        st.badge("Moved on since", icon=":material/history:", color="gray")


def besides(story: Story) -> None:
    """What it changed besides the version that serves."""
    st.markdown("\n".join(f"- {wording.plain(one)}" for one in story.besides))


def proof(story: Story) -> None:
    """What the loader serves now because of it, or what has moved since; and that history is what it was."""
    if story.row.has_moved and story.after is None:
        _shown(_proven(story.row), story.row)
    elif story.after is not None:
        mine = actions.last_move(story.row.key)
        if mine is not None and mine.deployment.id == story.after.id:
            _shown(mine.proof, mine.deployment)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"The next move: {links.said(story.after)}", width="stretch")
            links.move(story.after.id)
    hashed = f"Its row of history has the hash {story.row.hash[:12]}…"
    if story.sound:
        st.caption(f":green[:material/link:] {hashed}, which is what its content comes to now.")
    else:
        st.error(f"{hashed}, but its content was changed since. Run: desk registry verify", icon=":material/gpp_bad:")


@caching.remembered(max_entries=64, also=reads.newest)
def _proven(row: Deployment) -> Proof:
    return actions.proven(row)


def _shown(shown: Proof, row: Deployment) -> None:
    if shown.matches and shown.version == row.to_version:
        told = f"The loader serves **{shown.version}** now, read back in {wording.duration(shown.milliseconds / 1000)}."
        st.success(told, icon=":material/verified:")
    else:
        told = f"Production says {row.to_version}, but the loader does not serve it: {wording.plain(shown.detail)}"
        st.error(f"{told} Run: desk registry verify", icon=":material/gpp_bad:")


def undo(story: Story) -> None:
    """Take the move back, while it is the newest of its key and of a kind that can be."""
    if not story.undoable:
        if story.row.has_moved and story.after is not None:
            st.caption("Undo is over: the key has moved since. Undo that move first, or roll back.")
        return
    why_not = session.why_not(actors.TO_MOVE)
    with st.form("undo", border=False):
        pressed = st.form_submit_button(
            f"Undo: {story.row.from_version} serves again",
            icon=":material/undo:",
            key="undo_submit",
            disabled=bool(why_not),
            help=why_not or None,
        )
    if pressed:
        actions.undo(story.row.key, story.row)


def report(story: Story) -> PreflightReport | None:
    """The preflight as it was recorded with the move; None where none was needed."""
    row = story.row
    if not row.preflight or row.to_version is None:
        return None
    steps = tuple(Step(**{name: step[name] for name in Step.__slots__}) for step in row.preflight)
    return PreflightReport(row.key, row.to_version, row.at, steps)


def no_preflight() -> None:
    st.caption("None was recorded: nothing went live by this that was not live before.")


def compares(story: Story) -> bool:
    """Whether two versions can be replayed against each other: both are there, and asked for."""
    row = story.row
    if row.from_version is None or row.to_version in (None, row.from_version):
        return False
    known = {record.version for record in data.versions(row.key)}
    if not {row.from_version, row.to_version} <= known:
        st.caption("One of the two versions is gone, so there is nothing to replay.")
        return False
    return st.toggle("Replay both versions on the bars before this move", key="replay_then")
