"""Promoting a version, and following the latest one again."""

from sqlalchemy import Connection

from ensemble_desk.errors import NothingToMoveError, QuarantinedVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_MOVE, Actor
from ensemble_desk.registry.entities import Action, Deployment, Mode
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.moves import transition
from ensemble_desk.registry.moves.recording import Move, Plan
from ensemble_desk.registry.opening import Registry


def promote(
    registry: Registry,
    key: Key,
    *,
    to: str,
    expected: int | None,
    actor: Actor,
    reason: str,
    group_id: str | None = None,
) -> Deployment:
    """Pin production to a version; also the live one, which keeps a later training from replacing it.

    Raises what :func:`.transition.carry_out_together` raises.
    """

    def plan(connection: Connection, pointer: Pointer) -> Plan:
        entry = index.require(connection, key, to)
        if (pointer.version, pointer.mode) == (to, Mode.PINNED):
            raise NothingToMoveError(key, f"{to} is live and pinned")
        if entry.quarantine_reason is not None:
            raise QuarantinedVersionError(key, to, entry.quarantine_reason)
        return Plan(version=to, mode=Mode.PINNED, subject=to, check=to)

    move = Move(key, Action.PROMOTE, "promote", plan, actor, reason, expected, TO_MOVE, asked=to, group_id=group_id)
    return transition.carry_out(registry, move)


def follow_latest(
    registry: Registry, key: Key, *, expected: int | None, actor: Actor, reason: str, group_id: str | None = None
) -> Deployment:
    """Unpin: production goes to the newest version that is not quarantined, and on to each one registered later.

    A newest version that was tampered with is not passed over: its preflight fails and the move is refused, until
    somebody quarantines it with a reason. Raises what :func:`.transition.carry_out_together` raises.
    """

    def plan(connection: Connection, pointer: Pointer) -> Plan:
        if pointer.mode is Mode.FOLLOW_LATEST:
            raise NothingToMoveError(key, "it follows the latest version")
        newest = index.newest_standing(connection, key)
        version = newest.version if newest else None
        return Plan(version=version, mode=Mode.FOLLOW_LATEST, subject=version, check=version)

    move = Move(key, Action.FOLLOW_LATEST, "follow latest", plan, actor, reason, expected, TO_MOVE, group_id=group_id)
    return transition.carry_out(registry, move)
