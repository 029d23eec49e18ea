"""Rolling production back to an earlier version, which pins it and quarantines the one that is left."""

from sqlalchemy import Connection

from ensemble_desk.errors import NoEarlierVersionError, NothingToMoveError, QuarantinedVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_MOVE, Actor
from ensemble_desk.registry.entities import Action, Deployment, Mode
from ensemble_desk.registry.index import entries
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import pointers
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.moves import transition
from ensemble_desk.registry.moves.recording import Move, Plan, Planner
from ensemble_desk.registry.opening import Registry


def roll_back(
    registry: Registry, key: Key, *, to: str | None = None, expected: int | None, actor: Actor, reason: str
) -> Deployment:
    """Pin production to ``to``, by default the version that was live before, else the newest usable older one.

    No file is touched. Raises NoEarlierVersionError when there is nothing to go back to, and what
    :func:`ensemble_desk.registry.moves.transition.carry_out_together` raises.
    """
    return transition.carry_out(registry, move(key, to=to, expected=expected, actor=actor, reason=reason))


def target(registry: Registry, key: Key) -> str | None:
    """Name the version that a rollback without ``to`` would go to; None when there is none."""
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, key)
        found = earlier(connection, pointer) if pointer else None
    return found.version if found else None


def move(
    key: Key, *, to: str | None, expected: int | None, actor: Actor, reason: str, group_id: str | None = None
) -> Move:
    """Describe a rollback, to be carried out alone or together with those of other keys."""
    plan = _planner(key, to)
    return Move(key, Action.ROLLBACK, "roll back", plan, actor, reason, expected, TO_MOVE, asked=to, group_id=group_id)


def earlier(connection: Connection, pointer: Pointer) -> Entry | None:
    """Find the version that was live before, or else the newest usable one older than the live one."""
    if pointer.previous_version is not None and pointer.previous_version != pointer.version:
        previous = entries.find(connection, pointer.key, pointer.previous_version)
        if previous is not None and previous.usable:
            return previous
    return index.newest_usable(connection, pointer.key, older_than=pointer.version)


def _planner(key: Key, to: str | None) -> Planner:
    def plan(connection: Connection, pointer: Pointer) -> Plan:
        entry = earlier(connection, pointer) if to is None else index.require(connection, key, to)
        if entry is None:
            raise NoEarlierVersionError(key, pointer.version)
        if entry.version == pointer.version:
            raise NothingToMoveError(key, f"{entry.version} is live")
        if entry.quarantine_reason is not None:
            raise QuarantinedVersionError(key, entry.version, entry.quarantine_reason)
        return Plan(
            version=entry.version,
            mode=Mode.PINNED,
            subject=entry.version,
            check=entry.version,
            quarantine=pointer.version,
        )

    return plan
