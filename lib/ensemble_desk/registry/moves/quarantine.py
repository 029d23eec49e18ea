"""Quarantine: a version that ``latest`` skips and no move may choose, until somebody lifts that with a reason."""

from sqlalchemy import Connection

from ensemble_desk.errors import LiveVersionError, NothingToMoveError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_LIFT, TO_MOVE, Actor
from ensemble_desk.registry.entities import Action, Deployment, Mode, State
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.moves import transition
from ensemble_desk.registry.moves.recording import Move, Plan
from ensemble_desk.registry.opening import Registry


def quarantine(
    registry: Registry, key: Key, version: str, *, actor: Actor, reason: str, expected: int | None = None
) -> Deployment:
    """Quarantine a version.

    The live version of a key that follows the latest one gives way to the newest usable other version, whose preflight
    must pass, or to none when there is none. A live pinned version is refused (LiveVersionError): a rollback says what
    is to serve instead, and quarantines by itself. Raises what
    :func:`ensemble_desk.registry.moves.transition.carry_out_together` raises.
    """

    def plan(connection: Connection, pointer: Pointer) -> Plan:
        entry = index.require(connection, key, version)
        if entry.quarantine_reason is not None:
            raise NothingToMoveError(key, f"{version} is quarantined ({entry.quarantine_reason})")
        if version != pointer.version:
            return Plan(version=pointer.version, mode=pointer.mode, subject=version, quarantine=version)
        if pointer.mode is Mode.PINNED:
            raise LiveVersionError(key, version)
        other = index.newest_usable(connection, key, other_than=version)
        after = other.version if other else None
        return Plan(version=after, mode=pointer.mode, subject=version, check=after, quarantine=version)

    move = Move(key, Action.QUARANTINE, "quarantine", plan, actor, reason, expected, TO_MOVE, asked=version)
    return transition.carry_out(registry, move)


def lift(
    registry: Registry, key: Key, version: str, *, actor: Actor, reason: str, expected: int | None = None
) -> Deployment:
    """Lift a quarantine; a key that follows the latest version moves to this one when it is the newest.

    Raises what :func:`ensemble_desk.registry.moves.transition.carry_out_together` raises.
    """

    def plan(connection: Connection, pointer: Pointer) -> Plan:
        entry = index.require(connection, key, version)
        if entry.quarantine_reason is None:
            raise NothingToMoveError(key, f"{version} is not quarantined")
        follows = pointer.mode is Mode.FOLLOW_LATEST and entry.health is State.AVAILABLE
        if follows and version > (pointer.version or ""):
            return Plan(version=version, mode=pointer.mode, subject=version, check=version, lift=version)
        return Plan(version=pointer.version, mode=pointer.mode, subject=version, lift=version)

    move = Move(key, Action.LIFT, "lift a quarantine", plan, actor, reason, expected, TO_LIFT, asked=version)
    return transition.carry_out(registry, move)
