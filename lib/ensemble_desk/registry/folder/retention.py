"""Retention: which old versions may go, and removing them so that a crash at any step leaves nothing half-told.

A version goes in this order: one transaction puts up its tombstone and takes it out of the index; then its files are
removed; then the tombstone is marked finished. Whoever dies in between leaves an unfinished tombstone, and the next
sync or prune goes on from there.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ensemble_desk.database import texts
from ensemble_desk.errors import PruneUnfinishedError, ReasonRequiredError, StoreError, UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_PRUNE, Actor
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import marks as folder_marks
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index import tombstones
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.tombstones import Tombstone
from ensemble_desk.registry.ledger import chain, pointers, writing
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.moves import rollback
from ensemble_desk.registry.opening import Registry

_VERB = "prune versions"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fate:
    """What retention makes of one version: it goes or stays, and why."""

    key: Key
    version: str
    size_bytes: int
    sha256: str
    goes: bool
    why: str


def plan(registry: Registry, *, keep: int, keys: Sequence[Key] | None = None) -> tuple[Fate, ...]:
    """Say for every version of some keys, or of all, whether it would go; nothing changes. Raises UnknownKeyError."""
    with registry.database.reading() as connection:
        found = pointers.read_all(connection, keys)
        missing = set(keys or ()) - {pointer.key for pointer in found}
        if missing:
            raise UnknownKeyError(min(missing))
        return tuple(fate for pointer in found for fate, _ in _fates(connection, pointer, keep=keep))


def prune(
    registry: Registry, *, keep: int, keys: Sequence[Key] | None = None, actor: Actor, reason: str
) -> tuple[Fate, ...]:
    """Remove what may go, key by key, each judged anew under the lock of its pointer; tells every version's fate.

    Raises
    ------
    NotAllowedError, ReasonRequiredError, UnknownKeyError
        Before anything changes.
    PruneUnfinishedError
        When files cannot be removed; their versions are out of the index, and a later sync goes on.
    """
    actor.require(TO_PRUNE, _VERB)
    reason = texts.said(reason)
    if not reason:
        raise ReasonRequiredError(_VERB)
    wanted = sorted({fate.key for fate in plan(registry, keep=keep, keys=keys)})
    told = [fate for key in wanted for fate in _bury(registry, key, keep=keep, actor=actor, reason=reason)]
    finish(registry)
    return tuple(told)


def finish(registry: Registry) -> None:
    """Remove the files of versions that were pruned but may still lie there; raises PruneUnfinishedError."""
    with registry.database.reading() as connection:
        open_ones = tombstones.unfinished(connection)
    if not open_ones:
        return
    names = [tombstone.file_name for tombstone in open_ones]
    try:
        registry.store.remove(names)
    except (OSError, StoreError) as error:
        told = error.problem if isinstance(error, StoreError) else error.strerror or type(error).__name__
        raise PruneUnfinishedError(names, told) from error
    with registry.database.writing() as connection:
        tombstones.finish(connection, open_ones, at=registry.clock())


def finish_quietly(registry: Registry) -> None:
    """Finish, where that is possible; a folder that may only be read stops nobody from looking at it."""
    try:
        finish(registry)
    except PruneUnfinishedError as error:
        _log.warning("%s", error)


def pruned(registry: Registry, key: Key | None = None) -> tuple[Tombstone, ...]:
    """What was pruned of one key, or of all, by key and newest first."""
    with registry.database.reading() as connection:
        return tombstones.everything(connection) if key is None else tombstones.of_key(connection, key)


def manifest(registry: Registry, tombstone: Tombstone) -> Mapping[str, Any]:
    """What the manifest of a pruned version said."""
    with registry.database.reading() as connection:
        return tombstones.manifest(connection, tombstone)


def taken(registry: Registry, key: Key) -> frozenset[str]:
    """Names that no new version of a key may carry: registered ones, though their files be gone, and pruned ones."""
    with registry.database.reading() as connection:
        registered = {entry.version for entry in index.of_key(connection, key)}
        return frozenset(registered | {tombstone.version for tombstone in tombstones.of_key(connection, key)})


def _bury(registry: Registry, key: Key, *, keep: int, actor: Actor, reason: str) -> list[Fate]:
    at = registry.clock()
    with writing.writing(registry) as connection:
        pointer = pointers.lock(connection, key)
        if pointer is None:
            raise UnknownKeyError(key)
        judged = _fates(connection, pointer, keep=keep)
        going = [entry for fate, entry in judged if fate.goes]
        for entry in going:
            _put_up(connection, pointer, entry, actor=actor, reason=reason, at=at)
        index.remove(connection, key, [entry.version for entry in going])
        if going:  # so that whoever opens the folder next looks at it, also when this process dies now
            folder_marks.forget(connection, registry.store.place)
    for entry in going:
        registry.cache.forget(entry.sha256, entry.serving_sha256)
    return [fate for fate, _ in judged]


def _put_up(connection: Connection, pointer: Pointer, entry: Entry, *, actor: Actor, reason: str, at: datetime) -> None:
    tombstone = Tombstone(
        key=entry.key,
        version=entry.version,
        file_name=entry.file_name,
        sha256=entry.sha256,
        size_bytes=entry.size_bytes,
        created_at=index.created_at(connection, entry),
        pruned_at=at,
        actor=actor.name,
        reason=reason,
    )
    told = index.manifest(connection, entry)
    tombstones.add(connection, tombstone, symbol_id=pointer.symbol_id, manifest=told)


def _fates(connection: Connection, pointer: Pointer, *, keep: int) -> list[tuple[Fate, Entry]]:
    entries = index.of_key(connection, pointer.key)
    usable = [entry.version for entry in entries if entry.usable]
    cut = usable[keep - 1] if 0 < keep <= len(usable) else ""
    needed = _needed(connection, pointer)
    judged = []
    for entry in entries:
        stays = needed.get(entry.version) or _standing(entry, cut=cut, keep=keep)
        why = stays or ("its file is gone" if entry.health is State.MISSING else f"older than the newest {keep} usable")
        fate = Fate(entry.key, entry.version, entry.size_bytes, entry.sha256, goes=not stays, why=why)
        judged.append((fate, entry))
    return judged


def _needed(connection: Connection, pointer: Pointer) -> dict[str, str]:
    """Versions that serving, a rollback or an undo needs, and for what."""
    target, last = rollback.earlier(connection, pointer), chain.last_move(connection, pointer.key)
    told = {
        last.from_version if last else None: "an undo would go there",
        target.version if target else None: "a rollback would go there",
        pointer.previous_version: "was live before",
        pointer.version: f"live ({pointer.mode.value})",
    }
    return {version: why for version, why in told.items() if version is not None}


def _standing(entry: Entry, *, cut: str, keep: int) -> str:
    """Why a version stays that nothing needs; empty when nothing speaks for it."""
    if entry.quarantine_reason is not None:
        return f"quarantined, under review: {entry.quarantine_reason}"
    if entry.health is State.TAMPERED:
        return "tampered with: its file is evidence"
    return f"not older than the newest {keep} usable" if entry.version >= cut else ""
