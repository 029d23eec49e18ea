"""Whether production of a key could go back now, how old that knowledge is, and the button that renews it."""

from typing import Literal

import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.preflight import readiness as rehearsals
from ensemble_desk.registry.preflight.readiness import Going, Readiness
from ensemble_desk.ui.frame import actions, caching, components, data, session, wording

Colour = Literal["green", "red", "gray"]
_BADGES: dict[Going, tuple[Colour, str]] = {
    Going.READY: ("green", ":material/verified_user:"),
    Going.NOT_READY: ("red", ":material/gpp_maybe:"),
    Going.NOT_REHEARSED: ("gray", ":material/help:"),
    Going.NOWHERE: ("red", ":material/block:"),
    Going.NO_EARLIER: ("gray", ":material/first_page:"),
}


def readiness(key: Key) -> None:
    """Say whether going back would pass, since when that is known, and offer to find out now."""
    found = data.way_back(key)
    colour, icon = _BADGES[found.state]
    why_not = session.why_not(actors.TO_MOVE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(f"Going back: {found.state}", color=colour, icon=icon, width="content")
        st.markdown(_told(found), width="stretch")
        st.button(
            "Rehearse now",
            icon=":material/restart_alt:",
            key="rehearse",
            on_click=_rehearse,
            args=(key,),
            disabled=bool(why_not) or found.target is None,
            help=why_not or "Runs the preflight of the version that a rollback would go to. Production is not touched.",
        )


def _told(found: Readiness) -> str:
    if found.state is Going.NO_EARLIER:
        return "What is live is the first version of this key: nothing is older."
    if found.target is None:
        return "No earlier version is usable. Train another one, or lift a quarantine."
    if found.at is None:
        return f"Whether {found.target} would pass is not known: it was not rehearsed since versions or code changed."
    age = wording.ago(found.at, components.now())
    took = wording.duration((found.milliseconds or 0) / 1000)
    if found.state is Going.READY:
        return f"{found.target} passed its preflight {age} (took {took})."
    return f"{found.target} failed {age} at **{found.failed_step}**: {wording.plain(found.detail)}"


@actions.guard
def _rehearse(key: Key) -> None:
    try:
        rehearsals.rehearse(caching.registry(), key)
    finally:
        caching.forget()
        data.newest_rehearsal.clear()
