"""Moving many keys together: one library call, then the proof of every key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import streamlit as st

from ensemble_desk.registry.actors import Actor
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.moves import fleet, undo
from ensemble_desk.registry.moves.fleet import FleetTarget
from ensemble_desk.registry.serving.proof import Proof
from ensemble_desk.ui.frame import actions, caching, session

_MOVED = "fleet_moved"  # session state: the last group of moves that this session made


@dataclass(frozen=True, slots=True)
class FleetMoved:
    """A group of moves made in this session, each with what the loader served right after it."""

    group_id: str
    moves: tuple[tuple[Deployment, Proof], ...]
    is_undo: bool = False


def roll_back(chosen: Sequence[FleetTarget], *, reason: str) -> None:
    """Roll all of them back or none; the page is then drawn again with the proofs."""
    group_id = uuid4().hex[:12]
    _move(
        lambda actor: fleet.roll_back(caching.registry(), chosen, actor=actor, reason=reason, group_id=group_id),
        group_id=group_id,
    )


def undo_all(group_id: str, *, reason: str) -> None:
    """Take a group of moves back, all or none; ``reason`` is the one that they were made for."""
    why = f"undo of group {group_id} ({reason})"
    _move(
        lambda actor: undo.undo_group(caching.registry(), group_id, actor=actor, reason=why),
        group_id=f"{group_id}-undo",
        is_undo=True,
    )


def last_moved() -> FleetMoved | None:
    found: FleetMoved | None = st.session_state.get(_MOVED)
    return found


@actions.guard
def _move(make: Callable[[Actor], tuple[Deployment, ...]], *, group_id: str, is_undo: bool = False) -> None:
    try:
        rows = make(session.actor(caching.settings()))
        moves = tuple((row, actions.proven(row)) for row in rows)
    finally:
        caching.forget()
    st.session_state[_MOVED] = FleetMoved(group_id, moves, is_undo)
    st.rerun()
