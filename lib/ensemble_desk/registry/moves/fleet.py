"""Rolling many keys back at once: undo one training date, or some training runs, all keys or none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from ensemble_desk.errors import NoFleetTargetError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import Actor
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.moves import rollback, transition
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True)
class FleetTarget:
    """One key that would be rolled back; ``target`` is None when it has nothing to go back to."""

    key: Key
    live: str
    target: str | None
    revision: int


def targets(
    registry: Registry, *, trained: date | None = None, run_ids: Collection[int] = ()
) -> tuple[FleetTarget, ...]:
    """Find the keys whose live version carries a training date, or came from one of some runs, in order of keys."""
    day = f"{trained:%Y%m%d}" if trained else None
    found = []
    for pointer in production.fleet(registry):
        if pointer.version is None:
            continue
        of_day = day is not None and pointer.version.startswith(day)
        of_run = bool(run_ids) and versions.get(registry, pointer.key, pointer.version).run_id in run_ids
        if of_day or of_run:
            goal = rollback.target(registry, pointer.key)
            found.append(FleetTarget(pointer.key, pointer.version, goal, pointer.revision))
    return tuple(found)


def roll_back(
    registry: Registry, chosen: Sequence[FleetTarget], *, actor: Actor, reason: str, group_id: str
) -> tuple[Deployment, ...]:
    """Roll every key back to its target, each after its own preflight, in one transaction and as one group.

    Raises
    ------
    NoFleetTargetError
        When nothing was chosen, or a key has nothing to go back to.
    StalePointerError, PreflightFailedError, …
        When any key is refused: then no key moves, and every key's history holds the refused attempt.
    """
    without = [str(target.key) for target in chosen if target.target is None]
    if not chosen or without:
        raise NoFleetTargetError(without)
    moves = [
        rollback.move(
            target.key, to=target.target, expected=target.revision, actor=actor, reason=reason, group_id=group_id
        )
        for target in chosen
    ]
    return transition.carry_out_together(registry, moves)
