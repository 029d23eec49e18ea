"""What there is to see on a page, in three sentences: for the first visit, and in the sidebar afterwards."""

import streamlit as st

from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.ui.frame import actions
from ensemble_desk.ui.frame.help import personal

PAGES = {
    "Activity": (
        "Who did what, newest first, over all keys: moves, refusals, trainings, notes, roles, alerts that came and "
        "went. It begins with the last seven days; the filters live in the address. Each move leads to a page of its "
        "own with its reason, its preflight, its proof and, while that is possible, Undo."
    ),
    "Overview": (
        "The top lists what needs somebody, most urgent first, each line with its way on. Below stands every key, "
        "worst first: the mark shows its accuracy now, as validated, and what always saying the same would reach. "
        "A name opens the key."
    ),
    "Versions": (
        "Every trained version of every key, with what it scored and what became of it. One version opens as a card "
        "with all that it tells about itself; two stand side by side with only what differs. Filters live in the "
        "address, so a list can be sent as a link."
    ),
    "Performance": (
        "Whether a version does what it promised: its accuracy since training beside the validated one, by regime and "
        "by member. An interval says how sure each figure is. The report holds the same for somebody without access."
    ),
    "Predict": (
        "Ask what is live, or any version, about the newest bars or about a file of yours. Every probability stands "
        "beside its usual rate, because only the difference is news. Nothing that you ask here is kept or changes "
        "anything."
    ),
    "Drift": (
        "Every key by how strong the evidence is that its accuracy fell, then one key with all that stands behind its "
        "verdict. Only a confirmed fall is an alert; a low band alone may be chance. The page says what to do about it."
    ),
    "Rollback": (
        "What is live, what was live before, and whether going back would pass. Choosing a version shows its preflight "
        "before anything moves; the move takes a reason, is proven by what the loader then serves, and can be undone. "
        "Everything that ever moved stands in the history."
    ),
    "Training runs": (
        "Trainings under way with their step, and all that ended, with what became of each. A failed one shows why. "
        "Whoever may can start one here."
    ),
}
_ASKED = "introduction_of"  # the page whose introduction is asked for again


def show(page: str) -> None:
    """Introduce a page until it is dismissed; afterwards the sidebar offers it again."""
    told = PAGES.get(page)
    if told is None:
        return
    if page in personal.marked(Kind.READ) and st.session_state.get(_ASKED) != page:
        with st.sidebar:
            st.button("What you see here", key="introduce", icon=":material/help:", type="tertiary",
                      on_click=_ask, args=(page,))  # fmt: skip
        return
    with st.container(border=True, key="introduction", gap="xsmall"):
        st.markdown(f":small[{told}]")
        st.button("Got it", key="introduced", type="tertiary", icon=":material/check:", on_click=_read, args=(page,))


def _ask(page: str) -> None:
    st.session_state[_ASKED] = page


@actions.guard
def _read(page: str) -> None:
    st.session_state.pop(_ASKED, None)
    personal.mark(Kind.READ, page, on=True)
