"""Noting in the index that a registered file holds other bytes, or holds the registered ones again."""

import logging

from ensemble_desk.errors import DatabaseError
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index import entries, following, states
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.ledger import pointers, writing
from ensemble_desk.registry.opening import Registry

_NOTED_BY = "registry"

_log = logging.getLogger(__name__)


def note(registry: Registry, entry: Entry, health: State, problem: str) -> None:
    """Write what was found into the index; where it cannot be written, the finding itself still counts."""
    if entry.health is health:
        return
    registry.cache.forget(entry.sha256, entry.serving_sha256)
    at = registry.clock()
    reason = f"{entry.version} is intact again" if health is State.AVAILABLE else f"{entry.version} was tampered with"
    try:
        with writing.writing(registry) as connection:
            pointer = pointers.lock_or_create(connection, entry.key, at=at)
            now = entries.find(connection, entry.key, entry.version)
            if now is None or now.sha256 != entry.sha256:
                return
            index.set_health(connection, now, health, problem)
            states.restate(connection, entry.key, [entry.version], live=pointer.version)
            following.settle(connection, pointer, cause=Cause(_NOTED_BY, at, reason))
    except DatabaseError as error:
        _log.warning("%s could not be noted for %s %s: %s", health, entry.key, entry.version, error)
