"""What the person here has marked: kept in the database by their name, read once a session."""

import streamlit as st

from ensemble_desk.registry.access import personal
from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.ui.frame import caching, session


def marked(kind: Kind) -> frozenset[str]:
    """Give what this person has marked so."""
    name = f"personal_{kind}"
    if name not in st.session_state:
        visitor = session.visitor(caching.settings())
        known = visitor.actor is not None and not visitor.anonymous
        found = personal.subjects(caching.registry(), visitor.actor, kind) if known and visitor.actor else frozenset()
        st.session_state[name] = found
    kept: frozenset[str] = st.session_state[name]
    return kept


def mark(kind: Kind, subject: str, *, on: bool) -> None:
    """Put a mark or take it away; of a visitor whom nobody knows it holds for this session only."""
    before = marked(kind)
    visitor = session.visitor(caching.settings())
    if visitor.actor is not None and not visitor.anonymous:
        personal.mark(caching.registry(), visitor.actor, kind, subject, on=on)
    st.session_state[f"personal_{kind}"] = before | {subject} if on else before - {subject}
