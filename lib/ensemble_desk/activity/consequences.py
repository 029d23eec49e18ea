"""What a move changes besides the version that serves: pins, quarantines, and what becomes of newer versions."""

from ensemble_desk.registry.entities import Action, Deployment, Mode, Production


def of_rollback(production: Production, target: str) -> tuple[str, ...]:
    """Say before a rollback what it will do, a sentence each."""
    told = [f"{production.key} serves {target} from the next forecast on, in every process."]
    if production.mode is Mode.PINNED:
        told.append("It stays pinned: newer versions go on waiting until somebody promotes one.")
    else:
        told.append("It is pinned: newer versions wait until somebody promotes one or lets it follow the latest again.")
    if production.version is not None:
        told.append(f"{production.version} is quarantined: no move takes it until that is lifted.")
    if production.newer_waiting not in (None, target):
        told.append(f"{production.newer_waiting} goes on waiting.")
    return (*told, "No file is touched, and Undo takes all of it back.")


def of_move(row: Deployment, before: Deployment | None) -> tuple[str, ...]:
    """Say what a move has changed besides; ``before`` is the key's move before it."""
    if not row.has_moved:
        return ("Nothing: it was refused.",)
    mode = before.mode if before is not None else Mode.FOLLOW_LATEST
    told = []
    if row.mode is not mode:
        pinned = row.mode is Mode.PINNED
        told.append(
            f"Pinned {row.key}: newer versions wait until somebody promotes one."
            if pinned
            else f"Unpinned {row.key}: newly trained versions go live by themselves."
        )
    if row.action is Action.ROLLBACK and row.from_version is not None:
        told.append(f"Quarantined {row.from_version}: no move takes it until that is lifted.")
    if row.action is Action.UNDO and before is not None and before.action is Action.ROLLBACK:
        told.append(f"Lifted the quarantine of {row.to_version}.")
    if row.action is Action.QUARANTINE:
        told.append(f"Quarantined {row.subject}: no move takes it until that is lifted.")
    if row.action is Action.LIFT:
        told.append(f"Lifted the quarantine of {row.subject}.")
    return tuple(told) or ("Nothing besides.",)
