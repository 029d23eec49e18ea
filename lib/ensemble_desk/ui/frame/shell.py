"""The frame of every page: navigation, the search for a key, who is here, and the title."""

from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ensemble_desk.ui.frame import actions, caching, logo, session, wording
from ensemble_desk.ui.frame.browser import voice
from ensemble_desk.ui.frame.help import introduction
from ensemble_desk.ui.frame.keys import search
from ensemble_desk.ui.frame.news import elsewhere, links, unseen

_NAVIGATED = "navigated"  # this session has declared its navigation


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the navigation; one about a single key is linked with the key that people look at."""

    name: str
    icon: str
    help: str
    section: str = ""
    about_a_key: bool = False
    hidden: bool = False  # it has an address, and no link in the navigation

    @property
    def script(self) -> str:
        return f"pages/{self.name.lower().replace(' ', '_')}.py"


PLACES = (
    Place(
        "Overview",
        ":material/dashboard:",
        "Every key with what is in production, whether it does what it promised, and the way back.",
    ),
    Place(
        unseen.PAGE,
        ":material/list_alt:",
        "Who did what, newest first, over all keys: moves, trainings, notes, roles, alerts.",
    ),
    Place("Move", ":material/swap_horiz:", "One move in full, or moves made together.", hidden=True),
    Place(
        "Versions",
        ":material/inventory_2:",
        "Which versions there are, what is inside, and how two of them differ.",
        "Understand",
        about_a_key=True,
    ),
    Place(
        "Performance",
        ":material/query_stats:",
        "How a version does since it was trained, and what training knew: accuracy, members, confusion.",
        "Understand",
        about_a_key=True,
    ),
    Place(
        "Predict",
        ":material/online_prediction:",
        "Ask production or any version about recent bars or about your own file.",
        "Understand",
        about_a_key=True,
    ),
    Place(
        "Drift",
        ":material/trending_down:",
        "Whether accuracy still holds, ranked by evidence, and what to do.",
        "Operate",
        about_a_key=True,
    ),
    Place(
        "Rollback",
        ":material/history:",
        "Go back to an earlier version, with a preflight before and a proof after.",
        "Operate",
        about_a_key=True,
    ),
    Place(
        "Training runs",
        ":material/model_training:",
        "Training runs with their progress and errors; start a new one.",
        "Operate",
    ),
)


def run() -> None:
    """Declare the navigation and run the page that was asked for; an error of ours ends in words, not in a trace."""
    page = _navigate()
    st.session_state[links.SHOWN] = page.title
    with st.sidebar:
        actions.guard(_sidebar)(page)
        voice.watch()
    actions.guard(page.run)()


def _navigate() -> StreamlitPage:
    """Declare the pages; their links are our own, so that they carry the key and stand below the search."""
    st.session_state[_NAVIGATED] = True
    return st.navigation(
        [
            st.Page(one.script, title=one.name, icon=one.icon, help=one.help, default=number == 0)
            for number, one in enumerate(PLACES)
        ],
        position="hidden",
    )


def _sidebar(page: StreamlitPage) -> None:
    st.logo(logo.svg(), size="large")
    here = next(one for one in PLACES if one.name == page.title)
    key, section = None, ""
    is_known = session.visitor(caching.settings()).actor is not None
    if is_known:  # who has to sign in reads no names of keys
        search.box(here.name, about_a_key=here.about_a_key)
        key = search.current()
    for one in PLACES:
        if one.hidden:
            continue
        if one.section != section:
            st.caption(one.section)
            section = one.section
        st.page_link(
            one.script,
            label=unseen.label() if is_known and one.name == unseen.PAGE else one.name,
            icon=one.icon,
            help=one.help,
            width="stretch",
            query_params={search.PARAMETER: key} if key and one.about_a_key else None,
        )


def open_page(title: str) -> None:
    """Begin a page: be inside the navigation, and know who is here.

    Until some session has declared the navigation, the server runs a page asked for by its address without app.py:
    then this declares it and starts over.
    """
    if _NAVIGATED not in st.session_state:
        _navigate()
        st.rerun()
    st.title(title, anchor=False)
    _say_who_is_here()
    elsewhere.begin()
    introduction.show(title)


def _say_who_is_here() -> None:
    """Whoever may not look, or has not signed in, sees nothing more."""
    visitor = session.visitor(caching.settings())
    if visitor.refused:
        st.error(wording.plain(visitor.refused), icon=":material/block:")
        st.stop()
    if visitor.actor is None:
        st.info(visitor.note, icon=":material/login:")
        st.button("Sign in", key="sign_in", type="primary", on_click=st.login)
        st.stop()
    with st.sidebar:
        st.badge(
            wording.plain(f"{visitor.actor.name} · {visitor.actor.role}"),
            icon=":material/person:",
            color="gray",
            help=wording.plain(visitor.note),
        )
        st.caption(wording.plain(visitor.note))
