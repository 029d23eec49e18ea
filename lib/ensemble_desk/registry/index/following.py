"""What production does by itself: follow the newest usable version, each time with a row of history that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ensemble_desk.errors.base import listed
from ensemble_desk.registry.entities import Action, Deployment, Mode, State
from ensemble_desk.registry.index import entries, states
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import chain, pointers
from ensemble_desk.registry.ledger.chain import Draft
from ensemble_desk.registry.ledger.pointers import Pointer


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the index changed: by whom, when, and in words for history."""

    actor: str
    at: datetime
    reason: str


def registered(*versions: str) -> str:
    """Say in words that newly registered versions are the cause."""
    return f"{listed(versions)} registered; this key follows the latest version"


def settle(
    connection: Connection, pointer: Pointer, *, cause: Cause, preflight: Sequence[Mapping[str, Any]] = ()
) -> Deployment | None:
    """Move a locked pointer to where ``follow latest`` wants it; None when it stays, as a pinned one always does.

    Only a version that has passed a preflight is followed; ``preflight`` are its steps, for the row of history.
    A live version that was tampered with stays live (and is refused) until a newer one comes: production never goes
    back by itself because of damage. A live version whose file is gone cannot be served by anybody, so production goes
    on to the newest usable version, and to none when there is none.
    """
    if pointer.mode is not Mode.FOLLOW_LATEST:
        return None
    live = entries.find(connection, pointer.key, pointer.version) if pointer.version else None
    target = _target(live, index.newest_usable(connection, pointer.key, fit=True))
    version = target.version if target else None
    if version == pointer.version:
        return None
    moved = replace(
        pointer,
        version=version,
        sha256=target.sha256 if target else None,
        previous_version=pointer.version or pointer.previous_version,
        revision=pointer.revision + 1,
        since=cause.at,
        actor=cause.actor,
        reason=cause.reason,
    )
    draft = Draft(
        action=Action.FOLLOW,
        outcome=chain.MOVED,
        actor=cause.actor,
        reason=cause.reason,
        subject=version,
        from_version=pointer.version,
        to_version=version,
        mode=moved.mode,
        revision=moved.revision,
        sha256=moved.sha256,
        preflight=tuple(preflight),
    )
    deployment, moved = chain.append(connection, moved, draft, at=cause.at)
    pointers.write(connection, moved)
    states.restate(connection, pointer.key, [pointer.version, version], live=version)
    return deployment


def _target(live: Entry | None, newest: Entry | None) -> Entry | None:
    if live is None or not (live.usable or live.health is State.TAMPERED):
        return newest
    return newest if newest and newest.version > live.version else live
