"""Which key people look at: one search box over every key, the same key on every page until another is chosen."""

from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.state import get_session_state

from ensemble_desk.market.keys import Key
from ensemble_desk.ui.frame import caching, components, data, monitoring_data, wording

PARAMETER = "key"  # of the address
SEARCH = "find_key"
_CURRENT = "current_key"
_LEADS_TO = "key_leads_to"  # found on a page about no single key
_PAGE = "page_title"
_OPENS = "pages/performance.py"
_PRODUCT = "Ensemble Desk"


@caching.remembered(max_entries=1, also=monitoring_data.mark_of_standing, shared=True)
def names() -> tuple[str, ...]:
    """Every key in words: first those whose fall is confirmed, then what nobody serves, then what rings or lies low."""
    standing = monitoring_data.standing()
    fallen = [one.key for one in standing.alerts]
    unserved = [one.key for one in data.fleet() if one.version is None]
    ringing = [one.key for one in standing.states if one.rings]
    return tuple(dict.fromkeys([*map(str, (*fallen, *unserved, *ringing)), *data.key_names()]))


@caching.remembered(max_entries=1, shared=True)
def _known() -> frozenset[str]:
    return frozenset(data.key_names())


def current() -> str | None:
    """The key of the address, else the one that was looked at last; None before the first."""
    asked = st.query_params.get(PARAMETER)
    if asked in _known():
        st.session_state[_CURRENT] = asked
    kept: str | None = st.session_state.get(_CURRENT)
    return kept if kept in _known() else None


def box(page: str, *, about_a_key: bool) -> None:
    """Draw the search box; on a page about no single key a choice leads to the key's performance.

    Clearing it changes nothing: the key stays until another is chosen.
    """
    st.session_state[_PAGE] = page
    st.set_page_config(page_title=f"{page} · {_PRODUCT}")
    if not _known():
        return
    if _LEADS_TO in st.session_state:
        st.switch_page(_OPENS, query_params={PARAMETER: st.session_state.pop(_LEADS_TO)})
    st.session_state[SEARCH] = current() if about_a_key else None
    st.selectbox(
        "Find a key",
        names(),
        index=None,
        key=SEARCH,
        placeholder="Find a key ( / )",
        label_visibility="collapsed",
        icon=":material/search:",
        on_change=_chosen,
        args=(about_a_key,),
    )


def _chosen(stays: bool) -> None:  # noqa: FBT001 - Streamlit hands arguments on by place
    """Look at the chosen key on this page, or have its performance opened."""
    found: str | None = st.session_state.get(SEARCH)
    if found is not None and stays:
        choose(found)
    elif found is not None:
        st.session_state[_CURRENT] = st.session_state[_LEADS_TO] = found


def choose(name: str, *, choices: Mapping[str, str] | None = None) -> None:
    """Look at a key from now on; the address changes in one step, so that Back returns the key before it.

    What was chosen for the key before (its version, its target) is left out of the address; ``choices`` are made for
    the key at the same time.
    """
    st.session_state[_CURRENT] = name
    with get_session_state().query_params() as address:  # Streamlit's own face of it takes a step for every part
        for one in [*st.query_params]:
            if components.belongs_to_a_key(one):
                address.discard_param_no_forward_msg(one)
        for one, value in (choices or {}).items():
            address.set_with_no_forward_msg(one, value)
            components.choose(one, value, of=name)
    st.query_params[PARAMETER] = name


def chosen(*, preselect: bool = True) -> Key:
    """Give the key of this page and name it in the address and in the title of the tab.

    Stops the page with the next step when there is no key, or with ``preselect`` False as long as none was chosen.
    """
    if not _known():
        components.nothing_yet()
    asked, key = st.query_params.get(PARAMETER), current()
    if key is None and asked is None and not preselect:
        components.empty("Which key?", "Find it in the search box of the sidebar: type a part of its name, then Enter.")
        st.stop()
    shown = key or names()[0]
    if asked is not None and asked != shown:
        told = wording.plain(f"No version of {asked} is registered. Showing {shown} instead.")
        st.warning(told, icon=":material/link_off:")
    if asked != shown:
        st.query_params[PARAMETER] = shown
    st.session_state[_CURRENT] = shown
    st.set_page_config(page_title=f"{shown} · {st.session_state.get(_PAGE, '')} · {_PRODUCT}")
    return Key.parse(shown)
