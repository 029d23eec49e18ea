"""Bringing a backup back to an empty place, or only checking that it could be."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.errors import BackupDamagedError, BackupError, RestoreRefusedError
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import TO_PRUNE, Actor
from ensemble_desk.registry.backup import database_copy, rebuilding
from ensemble_desk.registry.backup.objects import Copies
from ensemble_desk.registry.backup.rebuilding import Rebuilt
from ensemble_desk.registry.folder import story as telling
from ensemble_desk.registry.ledger_file import Head
from ensemble_desk.settings import Settings

_ROWS = "The database holds rows already"
_THERE = "There is {} already"
_OTHER = "{} is not what the backup holds"
_UNWRITABLE = "{} cannot be written ({})"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was checked or brought back; ``from_ledger`` is what a newer ledger at the place told besides."""

    name: str
    n_files: int
    n_lines: int
    from_ledger: Rebuilt | None = None


def check(source: Path, *, at: str | None = None) -> Restored:
    """Read a backup, by default the newest, and see that all of it is there and agrees; changes nothing.

    Raises BackupError, BackupDamagedError, DatabaseError.
    """
    copies = Copies(source.expanduser().absolute())
    name, listed = copies.listed(at)
    damaged = [file for file in listed["files"] if Path(file).is_absolute() or ".." in Path(file).parts]
    for file, told in listed["files"].items():
        try:
            copies.path(told["sha256"])
        except BackupDamagedError:
            damaged.append(file)
    if damaged:
        raise BackupDamagedError(str(copies.folder), damaged)
    is_sqlite = listed["database"]["kind"].startswith("sqlite")
    database_copy.check(copies.path(listed["database"]["sha256"]), is_sqlite=is_sqlite)
    n_lines = 0
    if listed["ledger"]:
        head = Head(listed["head"]["number"], listed["head"]["hash"])
        story = telling.read(copies.path(listed["ledger"]["sha256"]), known=head)
        if story.problems or story.end != head:
            raise BackupDamagedError(str(copies.folder), ["ledger"])
        n_lines = head.number
    return Restored(name, len(listed["files"]), n_lines)


def restore(settings: Settings, source: Path, *, at: str | None = None, actor: Actor) -> Restored:
    """Bring a backup back to the places that the settings name, where nothing may be overwritten.

    Files that are there already must be the same. A ledger that goes on from the backup's is kept, and what it tells
    beyond the backup is brought back as well. The database comes last: until it is there, nothing is served.

    Raises
    ------
    NotAllowedError, BackupError, BackupDamagedError, DatabaseError, LedgerError
    RestoreRefusedError
        When there is a database, another ledger, or another file in the way.
    """
    actor.require(TO_PRUNE, "restore a backup")
    found = check(source, at=at)
    copies = Copies(source.expanduser().absolute())
    _, listed = copies.listed(found.name)
    database = _database_file(settings, listed)
    ledger = _ledger(settings, copies, listed)
    store = opening.open_store(settings)
    lacking = _lacking(store, listed["files"])
    for name in lacking:
        _put_back(store, name, copies.path(listed["files"][name]["sha256"]))
    if ledger is not None:
        _put(ledger, settings.ledger_files[0])
    copy = copies.path(listed["database"]["sha256"])
    if database is None:
        database_copy.put_back(settings.registry_url, copy)
    else:
        _put(copy, database)
    with opening.open_registry(settings, whatever_the_ledger_says=True) as registry:
        told = None
        if listed["ledger"] and ledger is None:
            told = rebuilding.from_ledger(registry, actor=actor, reason=f"restored from backup {found.name}")
    return Restored(found.name, found.n_files, found.n_lines, told)


def _database_file(settings: Settings, listed: Mapping[str, Any]) -> Path | None:
    """Give the SQLite file to restore to; None for a server's database. Raises RestoreRefusedError, BackupError."""
    url = settings.registry_url
    file = url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None
    kind = listed["database"]["kind"].partition(" ")[0]
    if (kind == "sqlite") != (file is not None):
        raise BackupError(settings.models_folder.name, f"is of a {kind} database", advice="Correct DESK_DATABASE_URL.")
    if file is None:
        if database_copy.holds_anything(url):
            raise RestoreRefusedError(_ROWS)
        return None
    if Path(file).exists():
        raise RestoreRefusedError(_THERE.format(file))
    for rest in ("-wal", "-shm"):
        if Path(file + rest).exists():
            raise RestoreRefusedError(_THERE.format(file + rest))
    return Path(file)


def _ledger(settings: Settings, copies: Copies, listed: Mapping[str, Any]) -> Path | None:
    """Give the ledger to put back; None where there is none, or where the one that is there goes on from it."""
    if not listed["ledger"]:
        return None
    copy, file = copies.path(listed["ledger"]["sha256"]), settings.ledger_files[0]
    if not file.exists():
        return copy
    with file.open("rb") as there, copy.open("rb") as ours:
        whole = ours.read()
        if there.read(len(whole)) != whole:
            raise RestoreRefusedError(_OTHER.format(file))
    return None


def _lacking(store: Store, files: Mapping[str, Any]) -> list[str]:
    """Give the files that are not there yet; raises RestoreRefusedError when one that is there has other content."""
    lacking = []
    for name, told in files.items():
        content = store.content(name)
        if content is None:
            lacking.append(name)
        elif digests.of(content) != told["sha256"]:
            raise RestoreRefusedError(_OTHER.format(store.path_of(name)))
    return lacking


def _put_back(store: Store, name: str, copy: Path) -> None:
    try:
        store.put_back(name, copy.read_bytes())
    except FileExistsError as error:
        raise RestoreRefusedError(_OTHER.format(store.path_of(name))) from error
    except OSError as error:
        raise RestoreRefusedError(_UNWRITABLE.format(store.path_of(name), error.strerror)) from error


def _put(source: Path, target: Path) -> None:
    """Copy a file to its place, whole or not at all; one that is there is the same already."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.restoring")
    try:
        shutil.copyfile(source, draft)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(target)
    except OSError as error:
        raise RestoreRefusedError(_UNWRITABLE.format(target, error.strerror)) from error
    finally:
        draft.unlink(missing_ok=True)
