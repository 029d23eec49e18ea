"""Bringing the index in line with the models folder: new, changed, vanished and returned files, and only those."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ensemble_desk.artifacts import other_names
from ensemble_desk.errors import FolderGoneError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State, SyncReport
from ensemble_desk.registry.folder import comparison, following, lost, reserve, retention
from ensemble_desk.registry.folder import marks as folder_marks
from ensemble_desk.registry.folder.comparison import Differences
from ensemble_desk.registry.folder.examining.looking import Progress
from ensemble_desk.registry.folder.examining.notes import Notes
from ensemble_desk.registry.folder.following import Followed
from ensemble_desk.registry.index import entries, registration, states, tombstones
from ensemble_desk.registry.index import following as index_following
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.ledger import pointers, writing
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


def synchronise(
    registry: Registry,
    *,
    force: bool = False,
    take_over: bool = False,
    progress: Progress | None = None,
    of_keys: Callable[[Key], bool] | None = None,
    n_processes: int = 0,
) -> SyncReport:
    """Look at the folder and write what changed into the index, in one transaction; then let production follow.

    A file is read when it is new, or when its size or time differ from what the index remembers; ``force`` reads all.
    New ones are loaded safely before they are registered, many of them on every core. No file can stop the others.
    Of each key that follows the latest version the newest one is examined and goes live when it passes the preflight;
    else it is unfit, and what was live stays live. With ``force`` versions that were unfit before are examined anew.
    ``take_over`` lets a registry that knows nothing yet take in what another one has published. With ``of_keys`` the
    files of other keys are left for others to look at. Many files are looked into by ``n_processes`` of this machine,
    as many as the settings say where it is 0; one process writes.

    Raises
    ------
    RegistryLostError
        When the registry is empty and the folder holds what a registry has published: it was lost, not begun.
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
        begun = lost.has_begun(connection)
    if not begun and not take_over:
        lost.refuse(registry, scan)
    if known and registry.store.is_emptied():
        raise FolderGoneError(registry.store.name, n_versions=len(known))
    n_versions = len(known)
    if of_keys is not None:
        scan = replace(scan, entries=tuple(file for file in scan if of_keys(file.key)))
        known = {name: entry for name, entry in known.items() if of_keys(entry.key)}
        meant = {file.file_name for file in scan}.union(scan.foreign)
        rejected = {name: before for name, before in rejected.items() if name in meant}
    with Notes(registry) as notes:
        found = comparison.compare(
            registry.store,
            scan,
            known,
            rejected,
            pruned=pruned,
            today=at.date(),
            force=force,
            notes=notes,
            progress=progress,
            n_processes=n_processes or registry.settings.jobs,
        )
    with writing.writing(registry) as connection:
        report, happened = _write(connection, found, at=at)
        waiting = index.waiting_keys(connection, also_unfit=force)
    if not begun and report.added:
        registry.store.remember_use()
    keys = sorted({*happened, *(key for key in waiting if of_keys is None or of_keys(key))})
    followed = [_follow(registry, key, happened.get(key, _Happened()), at=at, again=force) for key in keys]
    with registry.database.writing() as connection:
        settled = at.timestamp() - mark / 1e9 > _RACY.total_seconds()
        is_whole = of_keys is None and not found.unread  # else whoever can read the rest shall look again
        if is_whole and not any(one.waiting for one in followed):
            folder_marks.keep(connection, registry.store.place, mark=mark, at=at, settled=settled)
    if n_versions >= reserve.LEAST_VERSIONS:
        reserve.keep(registry.settings)
    for name, reason in found.unread.items():
        _log.warning("%s is not taken in here. %s", name, reason)
    for entry, _ in found.changed:
        registry.cache.forget(entry.sha256, entry.serving_sha256)
    return replace(
        report,
        followed=tuple(str(one.key) for one in followed if one.deployment is not None),
        unfit={name: reason for one in followed for name, reason in one.unfit.items()},
        passed_over=other_names.passed_over(scan.passed_over),
    )


def _write(connection: Connection, found: Differences, *, at: datetime) -> tuple[SyncReport, dict[Key, _Happened]]:
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
    for key, what in happened.items():
        live = pointers.lock_or_create(connection, key, at=at).version
        states.restate(connection, key, what.touched, live=live)
    index.forget_rejected(connection, [*found.forgotten, *found.newly_refused])
    for name, new in found.newly_refused.items():
        index.reject(connection, name, new, at=at)
    report = SyncReport(
        added=tuple(arrival.file_name for arrival in added),
        changed=tuple(changed),
        vanished=tuple(entry.file_name for entry in found.vanished),
        returned=tuple(returned),
        refused=dict(sorted(found.refused.items())),
        incompatible={arrival.file_name: arrival.problem for arrival in added if arrival.problem},
    )
    return report, happened


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


def _follow(registry: Registry, key: Key, happened: _Happened, *, at: datetime, again: bool) -> Followed:
    """Let production of a key follow, once for all that happened to it."""
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, key)
    if pointer is not None and pointer.version in happened.vanished:
        reason = f"the file of {pointer.version} vanished; this key follows the latest version"
    elif happened.new:
        reason = index_following.registered(*happened.new)
    else:
        reason = "the files of this key changed; it follows the latest version"
    cause = Cause(ACTOR, at, reason)
    return following.follow(registry, key, cause=lambda _: cause, again=again)
