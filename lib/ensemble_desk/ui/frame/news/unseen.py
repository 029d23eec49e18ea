"""How much others did since a person last looked at the page Activity."""

from datetime import datetime, timedelta

import streamlit as st

from ensemble_desk.activity import visits
from ensemble_desk.ui.frame import caching, components, session
from ensemble_desk.ui.frame.news import reads

PAGE, MOST = "Activity", 99
_SEEN = "activity_seen"  # session state: this session's own visit, all that is kept of somebody without a name
_NEW_SINCE = "activity_new_since"
_FIRST_VISIT = timedelta(days=7)  # what is new to somebody who was never here


def count() -> int:
    """How many events are new; those by the person are none."""
    actor = session.actor(caching.settings())
    return reads.count_since(_since(), not_by=actor.name)


def label() -> str:
    """What the navigation says: ``Activity · 3 new``."""
    new = count()
    return f"{PAGE} · {new if new <= MOST else f'{MOST}+'} new" if new else PAGE


def visit() -> datetime:
    """Remember that the person is looking; gives since when events are new to them, as long as they stay."""
    if _NEW_SINCE not in st.session_state or count():
        before, now = _since(), components.now()
        st.session_state[_NEW_SINCE], st.session_state[_SEEN] = before, now
        if not _is_nobody():
            visits.remember(caching.registry(), session.actor(caching.settings()).name, at=now)
            reads.last_visit.clear()
    since: datetime = st.session_state[_NEW_SINCE]
    return since


def _since() -> datetime:
    here: datetime | None = st.session_state.get(_SEEN)
    kept = None if _is_nobody() else reads.last_visit(session.actor(caching.settings()).name)
    known = [at for at in (here, kept) if at is not None]
    if known:
        return max(known)
    return (components.now() - _FIRST_VISIT).replace(minute=0, second=0, microsecond=0)


def _is_nobody() -> bool:
    """Whether somebody without a name is here, of whom nothing is kept."""
    return session.visitor(caching.settings()).anonymous
