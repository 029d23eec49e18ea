"""The decision: what pressing will do, the reason, the press, and what to do when somebody else was first."""

import streamlit as st

from ensemble_desk.activity import consequences
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import Deployment, PreflightReport, Production
from ensemble_desk.registry.moves import undo as undoing
from ensemble_desk.ui.frame import actions, data, session, wording
from ensemble_desk.ui.frame.news import links

_KEPT = "kept_reason"  # session state: what was typed for a move that was refused, by key


def go_back(production: Production, report: PreflightReport, *, seen: int) -> None:
    """Ask for the reason, say what will happen, and do it."""
    key, target, why_not = production.key, report.version, session.why_not(actors.TO_MOVE)
    kept = st.session_state.get(_KEPT, {}).get(str(key))
    if kept:
        st.session_state.setdefault("reason", kept)
    with st.form("roll_back"):
        st.markdown("\n".join(f"- {wording.plain(one)}" for one in consequences.of_rollback(production, target)))
        reason = st.text_input(
            "Reason",
            key="reason",
            placeholder="What went wrong, for whoever reads the history",
            disabled=bool(why_not),
        )
        submitted = st.form_submit_button(
            f"Roll back {key} to {target}",
            type="primary",
            disabled=bool(why_not) or not report.passed,
            help=why_not or None,
            key="roll_back_submit",
        )
    if submitted:
        keep(key, reason)
        actions.roll_back(key, to=target, expected=seen, reason=reason)
        overtaken(key, seen=seen)


def pressed_in_vain(key: Key, *, seen: int) -> None:
    """Say so when the button was pressed for a version that cannot be gone back to any more, and keep the reason."""
    if st.session_state.get("roll_back_submit"):
        keep(key, str(st.session_state.get("reason") or ""))
        st.error("What you chose cannot be gone back to any more. Nothing changed.", icon=":material/error:")
        overtaken(key, seen=seen)


def keep(key: Key, reason: str) -> None:
    """Keep a reason until the move it is for is made, whatever becomes of its form."""
    st.session_state[_KEPT] = {str(key): reason}


def made(key: Key) -> None:
    """Forget the reason of a move that was made."""
    st.session_state.get(_KEPT, {}).pop(str(key), None)


def overtaken(key: Key, *, seen: int) -> None:
    """After a refusal: say who was first, if that is why, and offer to look again with what was typed."""
    last = last_move(key)
    if last is None or last.revision == seen:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{links.said(last)}: {wording.plain(last.reason)}", width="stretch")
        links.move(last.id)
        st.button("Look again", icon=":material/refresh:", key="look_again", help="Your reason is kept.")


def last_move(key: Key) -> Deployment | None:
    """The newest move of a key; refused attempts are passed over."""
    return next((row for row in data.deployments(key) if row.has_moved), None)


def undo(production: Production) -> None:
    """Offer to take the last move back, also after a reload; at one press where it was made just now."""
    last = last_move(production.key)
    if last is None:
        return
    fresh = actions.last_move(production.key)
    with st.container(horizontal=True, vertical_alignment="center"):
        if undoing.is_possible(last, revision=production.revision):
            if fresh is not None and fresh.deployment.id == last.id:
                _undo(last, "Undo")
            else:
                with st.popover("Undo the last move", icon=":material/undo:"):
                    st.markdown(f"{links.said(last)}: {wording.plain(last.reason)}")
                    _undo(last, f"Undo: {last.from_version} serves again")
        links.move(last.id, label="The last move, with its proof")


def _undo(last: Deployment, label: str) -> None:
    why_not = session.why_not(actors.TO_MOVE)
    with st.form("undo", border=False, width="content"):
        pressed = st.form_submit_button(
            label, icon=":material/undo:", key="undo_submit", disabled=bool(why_not), help=why_not or None
        )
    if pressed:
        actions.undo(last.key, last)
