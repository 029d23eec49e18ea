"""Taking the last move back: what was live serves again, in the mode it had, in one transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection

from ensemble_desk.errors import NothingToMoveError, UnknownGroupError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_MOVE, Actor
from ensemble_desk.registry.entities import Action, Deployment, Mode
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.ledger import chain, history
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.moves import transition
from ensemble_desk.registry.moves.recording import Move, Plan
from ensemble_desk.registry.opening import Registry

_UNDOABLE = (Action.PROMOTE, Action.ROLLBACK, Action.FOLLOW_LATEST, Action.UNDO)


def undo(registry: Registry, key: Key, *, expected: int | None, actor: Actor, reason: str) -> Deployment:
    """Take back the last move of a key, together with the quarantine that a rollback put on what it left.

    An undo can itself be undone. Raises NothingToMoveError when the last move was no promotion, rollback, return to
    the latest version or undo, or when nothing was live before it; else what
    :func:`ensemble_desk.registry.moves.transition.carry_out_together` raises.
    """
    return transition.carry_out(registry, _move(key, actor=actor, reason=reason, expected=expected))


def undo_group(registry: Registry, group_id: str, *, actor: Actor, reason: str) -> tuple[Deployment, ...]:
    """Take back the moves of one group, all or none: none when any of its keys has moved since.

    Raises UnknownGroupError, StalePointerError, and what :func:`undo` raises.
    """
    made = [row for row in history.group(registry, group_id) if row.outcome == chain.MOVED]
    if not made:
        raise UnknownGroupError(group_id)
    moves = [
        _move(row.key, actor=actor, reason=reason, expected=row.revision, group_id=f"{group_id}-undo") for row in made
    ]
    return transition.carry_out_together(registry, moves)


def is_possible(row: Deployment, *, revision: int) -> bool:
    """Tell whether a row of history could be undone while production is at a revision."""
    newest = row.outcome == chain.MOVED and row.revision == revision
    return newest and row.action in _UNDOABLE and row.from_version is not None


def _move(key: Key, *, actor: Actor, reason: str, expected: int | None, group_id: str | None = None) -> Move:
    def plan(connection: Connection, pointer: Pointer) -> Plan:
        recent = chain.last_moves(connection, key, limit=2)
        last = recent[0] if recent else None
        if last is None or last.action not in _UNDOABLE or last.revision != pointer.revision:
            raise NothingToMoveError(key, "the last move is none that can be undone")
        if last.from_version is None:
            raise NothingToMoveError(key, "nothing was live before the last move")
        entry = index.require(connection, key, last.from_version)
        held = entry.quarantine_reason is not None and last.action is Action.ROLLBACK
        return Plan(
            version=entry.version,
            mode=_mode_before(recent),
            subject=entry.version,
            check=entry.version if entry.version != pointer.version else None,
            lift=entry.version if held else None,
        )

    return Move(key, Action.UNDO, "undo", plan, actor, reason, expected, TO_MOVE, group_id=group_id)


def _mode_before(recent: Sequence[Deployment]) -> Mode:
    """The mode that the row before the last one left; a key follows the latest version from its first day."""
    return recent[1].mode if len(recent) > 1 else Mode.FOLLOW_LATEST
