"""Views of the fleet that a person has named: filters and order, kept as they stand in the address."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.ui.frame import actions, wording
from ensemble_desk.ui.frame.help import glossary, personal

_NAME = "view_name"
_MOST_LETTERS = 40


def menu(usual: Mapping[str, str | None]) -> None:
    """Offer the views of this person, and to keep what is shown now; ``usual`` are the choices of nobody who chose."""
    with st.popover("Views", icon=":material/bookmark:", help=glossary.of("view")):
        for name, address in sorted(_kept().items()):
            with st.container(horizontal=True, horizontal_alignment="distribute", key=f"kept_view_{name}"):
                label = wording.plain(name)
                st.button(label, key=f"view_{name}", type="tertiary", on_click=_open, args=(address, dict(usual)))
                st.button("Forget", key=f"forget_{name}", type="tertiary", on_click=_forget, args=(name,))
        st.text_input("Name for what is shown now", key=_NAME, max_chars=_MOST_LETTERS)
        st.button("Keep", key="view_keep", icon=":material/bookmark_add:", on_click=_keep, args=(dict(usual),))


def _kept() -> dict[str, str]:
    """Addresses by name."""
    parts = (one.partition("?") for one in personal.marked(Kind.VIEW))
    return {name: address for name, _, address in parts}


def _open(address: str, usual: Mapping[str, str | None]) -> None:
    st.session_state.update({**usual, **dict(parse_qsl(address))})


@actions.guard
def _keep(usual: Mapping[str, str | None]) -> None:
    """Keep what is shown under the name that was typed, in place of an earlier view of that name."""
    name = st.session_state[_NAME].replace("?", "").strip()
    if not name:
        st.toast("Give the view a name first. Nothing was kept.", icon=":material/info:")
        return
    _forget(name)
    shown = {part: st.session_state[part] for part, value in usual.items() if st.session_state[part] != value}
    personal.mark(Kind.VIEW, f"{name}?{urlencode(shown)}", on=True)
    st.session_state[_NAME] = ""
    st.toast(f"Kept: {wording.plain(name)}", icon=":material/bookmark:")


@actions.guard
def _forget(name: str) -> None:
    address = _kept().get(name)
    if address is not None:
        personal.mark(Kind.VIEW, f"{name}?{address}", on=False)
