"""A line on every page about moves that others made since it was drawn; what is being typed stays."""

import streamlit as st

from ensemble_desk.ui.frame import actions, caching
from ensemble_desk.ui.frame.keys import search
from ensemble_desk.ui.frame.news import links, reads

_DRAWN = "drawn_at_move"  # session state: the newest move when the page was drawn
_TOLD = "told_of_move"
_SECONDS = 4


def begin() -> None:
    """Remember as of which move the page is drawn, and tell of later ones."""
    newest = caching.newest_move()
    if st.session_state.get(_DRAWN) != newest:
        caching.mark.clear()  # so that no read of this run is older than the move it is said to be drawn at
    st.session_state[_DRAWN] = newest
    _watch()


@st.fragment(run_every=_SECONDS)
@actions.guard
def _watch() -> None:
    drawn: int = st.session_state.get(_DRAWN, 0)
    if caching.newest_move() <= drawn:
        return
    caching.forget()
    moves = reads.moves_since(drawn)
    if not moves:
        return
    about = search.current()
    if st.session_state.get(_TOLD) != moves[0].id:
        st.session_state[_TOLD] = moves[0].id
        st.toast(links.said(moves[0]), icon=":material/notifications_active:")  # seen wherever the page is scrolled to
    row = next((one for one in moves if str(one.key) == about), moves[0])
    more = f" :gray[and {len(moves) - 1} more]" if len(moves) > 1 else ""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/notifications_active: {links.said(row)}{more}", width="stretch")
        if not links.is_here():  # a button of a fragment draws only that anew
            links.move(row.id)
        if st.button(
            "Show", icon=":material/refresh:", key="show_elsewhere", help="Draws the page anew; what is typed stays."
        ):
            st.rerun()
