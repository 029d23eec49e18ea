"""Bringing the index in line with the models folder: new, changed, vanished and returned files, and only those."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ensemble_desk.errors import FolderGoneError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State, SyncReport
from ensemble_desk.registry.folder import comparison, retention
from ensemble_desk.registry.folder import marks as folder_marks
from ensemble_desk.registry.folder.comparison import Differences
from ensemble_desk.registry.folder.notes import Notes
from ensemble_desk.registry.index import entries, following, registration, states, tombstones
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.ledger import pointers
from ensemble_desk.registry.opening import Registry

ACTOR = "sync"
_log = logging.getLogger(__name__)
_RACY = timedelta(seconds=2)  # a folder that changed this recently may change again within the same tick of its clock


@dataclass(frozen=True, slots=True)
class _Happened:
    """Versions of one key: of which something new is known, whose file is gone, and those registered just now."""

    touched: list[str] = field(default_factory=list)
    vanished: set[str] = field(default_factory=set)
    new: list[str] = field(default_factory=list)


def synchronise(registry: Registry, *, force: bool = False) -> SyncReport:
    """Look at the folder and write what changed into the index, in one transaction.

    A file is read when it is new, or when its size or time differ from what the index remembers; ``force`` reads all.
    New ones are loaded safely before they are registered. No file can stop the others.

    Raises
    ------
    FolderGoneError
        When the folder is not there although versions are registered (an unmounted disk is no deletion).
    DatabaseError, ArtifactError
        When the index cannot be written, or the folder not listed.
    """
    retention.finish_quietly(registry)
    mark, at = registry.store.folder_mark(), registry.clock()
    scan = registry.store.scan()
    with registry.database.reading() as connection:
        known = {entry.file_name: entry for entry in index.everything(connection)}
        rejected = index.rejected(connection)
        pruned = {one.file_name: str(one.refusal) for one in tombstones.everything(connection)}
    if known and not registry.store.folder.is_dir():
        raise FolderGoneError(registry.store.folder.name, n_versions=len(known))
    with Notes(registry) as notes:
        found = comparison.compare(registry.store, scan, known, rejected, pruned=pruned, force=force, notes=notes)
    with registry.database.writing() as connection:
        report = _write(connection, found, at=at)
        settled = at.timestamp() - mark / 1e9 > _RACY.total_seconds()
        if not found.unread:  # else whoever can read them shall look again
            folder_marks.keep(connection, registry.store.folder, mark=mark, at=at, settled=settled)
    for name, reason in found.unread.items():
        _log.warning("%s is not taken in here. %s", name, reason)
    for entry, _ in found.changed:
        registry.cache.forget(entry.sha256, entry.serving_sha256)
    return report


def _write(connection: Connection, found: Differences, *, at: datetime) -> SyncReport:
    for key in found.keys:  # in one order for all programs, so that none waits for another in a circle
        pointers.lock_or_create(connection, key, at=at)
    changed, returned = _write_known(connection, found)
    added = _write_arrivals(connection, found, at=at)
    happened = {key: _Happened() for key in found.keys}
    for entry in found.entries:
        happened[entry.key].touched.append(entry.version)
    for entry in found.vanished:
        happened[entry.key].vanished.add(entry.version)
    for arrival in added:
        happened[arrival.key].new.append(arrival.version)
    followed = [key for key, what in happened.items() if _follow(connection, key, what, at=at)]
    index.forget_rejected(connection, [*found.forgotten, *found.newly_refused])
    for name, new in found.newly_refused.items():
        index.reject(connection, name, new, at=at)
    return SyncReport(
        added=tuple(arrival.file_name for arrival in added),
        changed=tuple(changed),
        vanished=tuple(entry.file_name for entry in found.vanished),
        returned=tuple(returned),
        refused=dict(sorted(found.refused.items())),
        followed=tuple(str(key) for key in followed),
    )


def _write_known(connection: Connection, found: Differences) -> tuple[list[str], list[str]]:
    """Note which registered files hold other bytes, and which hold (again) the registered ones."""
    changed, returned = [], []
    for entry, actual in found.changed:
        if entry.health is not State.TAMPERED:
            changed.append(entry.file_name)
        index.set_health(connection, entry, State.TAMPERED, entries.tampered(entry, actual))
    for entry, file, form in found.intact:
        if entry.health in (State.TAMPERED, State.MISSING):
            returned.append(entry.file_name)
            index.set_health(connection, entry, State.AVAILABLE)
        if form != entry.serving_sha256:
            index.set_serving_form(connection, entry, form)
        index.set_seen(connection, entry, size_bytes=file.size_bytes, mtime_ns=file.mtime_ns)
    for entry in found.vanished:
        index.set_health(connection, entry, State.MISSING, "its file is not in the models folder")
    return changed, returned


def _write_arrivals(connection: Connection, found: Differences, *, at: datetime) -> list[Arrival]:
    ordered = sorted(found.arrivals, key=lambda arrival: (arrival.key, arrival.version))
    pruned = {one.file_name for one in tombstones.everything(connection)} if ordered else set()  # since the look
    ordered = [arrival for arrival in ordered if arrival.file_name not in pruned]
    return [arrival for arrival in ordered if registration.enter(connection, arrival, publisher=ACTOR, at=at)]


def _follow(connection: Connection, key: Key, happened: _Happened, *, at: datetime) -> bool:
    """Restate the versions of a key and let production follow, once for all that happened to it."""
    pointer = pointers.lock_or_create(connection, key, at=at)
    states.restate(connection, key, happened.touched, live=pointer.version)
    if pointer.version in happened.vanished:
        reason = f"the file of {pointer.version} vanished; this key follows the latest version"
    elif happened.new:
        reason = following.registered(*happened.new)
    else:
        reason = "the files of this key changed; it follows the latest version"
    return following.settle(connection, pointer, cause=Cause(ACTOR, at, reason)) is not None
