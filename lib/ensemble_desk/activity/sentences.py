"""How an event is said: what the actor did, as the rest of a sentence that begins with their name."""

from collections.abc import Callable
from typing import Any

from ensemble_desk.registry.entities import Action, Deployment
from ensemble_desk.training import runs

_MOVED: dict[Action, Callable[[Deployment], str]] = {
    Action.ROLLBACK: lambda row: f"rolled {row.key} back{_from(row)} to {row.to_version}",
    Action.PROMOTE: lambda row: f"promoted {row.key} to {row.to_version}",
    Action.FOLLOW: lambda row: f"put {row.key} {row.to_version} live by following the latest",
    Action.FOLLOW_LATEST: lambda row: f"let {row.key} follow the latest version, {row.to_version or 'none'} now",
    Action.UNDO: lambda row: f"undid the last move of {row.key}: {row.to_version} is live again",
    Action.QUARANTINE: lambda row: f"quarantined {row.key} {row.subject}",
    Action.LIFT: lambda row: f"lifted the quarantine of {row.key} {row.subject}",
}
_VERBS = {
    Action.ROLLBACK: "roll {} back",
    Action.PROMOTE: "promote {}",
    Action.FOLLOW: "put {} live by following the latest",
    Action.FOLLOW_LATEST: "let {} follow the latest version",
    Action.UNDO: "undo the last move of {}",
    Action.QUARANTINE: "quarantine a version of {}",
    Action.LIFT: "lift a quarantine of {}",
}


def move(row: Deployment) -> str:
    """Say a move, or an attempt that was refused."""
    if row.has_moved:
        return _MOVED[row.action](row)
    asked = f", asked for {row.subject}" if row.subject else ""
    return f"was refused to {_VERBS[row.action].format(row.key)}{asked}"


def training(key: str, status: str, version: str | None) -> str:
    if status == runs.RUNNING:
        return f"is training {key}"
    if status == runs.FAILED:
        return f"trained {key}, which failed"
    return f"trained {key}{f', which made {version}' if version else ''}"


def role(person: str, given: str | None) -> str:
    return f"took back the role of {person}" if given is None else f"gave {person} the role {given}"


def note(key: Any, version: str | None) -> str:
    return f"noted on {key} {version}" if version else f"noted on a move of {key}"


def _from(row: Deployment) -> str:
    return f" from {row.from_version}" if row.from_version else ""
