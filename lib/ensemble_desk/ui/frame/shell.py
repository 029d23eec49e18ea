"""The frame of every page: navigation, who is here, the title, and the check of the role."""

import streamlit as st
from streamlit import runtime
from streamlit.navigation.page import StreamlitPage

from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.ui.frame import actions, caching, data, logo, session, wording
from ensemble_desk.ui.frame.news import elsewhere, unseen

_NAVIGATED = "navigated"  # this session has declared its navigation


def _pages() -> dict[str, list[StreamlitPage]]:
    return {
        "": [
            st.Page("pages/overview.py", title="Overview", icon=":material/dashboard:", default=True, help=_HELP[0]),
            st.Page("pages/activity.py", title="Activity", icon=":material/list_alt:", help=_HELP[7]),
            st.Page("pages/move.py", title="Move", icon=":material/swap_horiz:", visibility="hidden"),
        ],
        "Understand": [
            st.Page("pages/versions.py", title="Versions", icon=":material/inventory_2:", help=_HELP[1]),
            st.Page("pages/performance.py", title="Performance", icon=":material/query_stats:", help=_HELP[2]),
            st.Page("pages/predict.py", title="Predict", icon=":material/online_prediction:", help=_HELP[3]),
        ],
        "Operate": [
            st.Page("pages/drift.py", title="Drift", icon=":material/trending_down:", help=_HELP[4]),
            st.Page("pages/rollback.py", title="Rollback", icon=":material/history:", help=_HELP[5]),
            st.Page("pages/training_runs.py", title="Training runs", icon=":material/model_training:", help=_HELP[6]),
        ],
    }


_HELP = (
    "Every key with what is in production, whether it does what it promised, and the way back.",
    "Which versions there are, what is inside, and how two of them differ.",
    "How a version does since it was trained, and what training knew: accuracy, members, confusion.",
    "Ask production or any version about recent bars or about your own file.",
    "Whether accuracy still holds, ranked by evidence, and what to do.",
    "Go back to an earlier version, with a preflight before and a proof after.",
    "Training runs with their progress and errors; start a new one.",
    "Who did what, newest first, over all keys: moves, trainings, notes, roles, alerts.",
)


def run() -> None:
    """Declare the navigation and run the page that was asked for; an error of ours ends in words, not in a trace."""
    page = _navigate()
    actions.guard(page.run)()
    if runtime.exists() and not st.get_option("global.appTest"):  # a server, not a test of one page
        data.warm_up()


def _navigate() -> StreamlitPage:
    st.session_state[_NAVIGATED] = True
    return st.navigation(_pages())


def open_page(title: str, *, role: str = "viewer") -> None:
    """Begin a page: be inside the navigation, know who is here, let in whom the role allows.

    Until some session has declared the navigation, the server runs a page asked for by its address without app.py:
    then this declares it and starts over.
    """
    if _NAVIGATED not in st.session_state:
        _navigate()
        st.rerun()
    st.title(title, anchor=False)
    actor = _who()
    if title != unseen.PAGE:
        with st.sidebar:
            unseen.line()
    if not actor.may(Role.named(role)):
        st.warning(wording.plain(str(actor.refusal(Role.named(role), f"open {title}"))), icon=":material/lock:")
        st.stop()
    elsewhere.begin()


def _who() -> Actor:
    st.logo(logo.svg(), size="large")
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
    return visitor.actor
