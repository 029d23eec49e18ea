"""Making a backup while everything runs: database, ledger, artifacts with all that lies beside them."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.store.protocol import Store
from ensemble_desk.errors import BackupError
from ensemble_desk.registry import ledger_file
from ensemble_desk.registry.backup import database_copy
from ensemble_desk.registry.backup.database_copy import Copied
from ensemble_desk.registry.backup.objects import Copies, Copy
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.ledger_file import NONE, Head
from ensemble_desk.registry.opening import Registry

_MOST_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; ``n_new`` files were not in an earlier one."""

    name: str
    made_at: datetime
    n_files: int
    n_new: int
    size_bytes: int
    n_versions: int
    missing: tuple[str, ...]


def back_up(registry: Registry, to: Path) -> Backup:
    """Copy everything into a folder; what an earlier backup there holds already is not copied again.

    Raises
    ------
    BackupError
        When the folder cannot be written, or lies inside the models folder.
    DatabaseError, LedgerError
    """
    to = to.expanduser().absolute()
    if not registry.settings.bucket_url and to.is_relative_to(registry.settings.models_folder):
        raise BackupError(str(to), "would lie inside the models folder", advice="Name a place on another disk.")
    copies = Copies(to)
    for _ in range(_MOST_LOOKS):
        made = _look(registry, copies)
        if not made.missing:
            break
    return made


def _look(registry: Registry, copies: Copies) -> Backup:
    made_at = registry.clock()
    with tempfile.TemporaryDirectory(prefix="desk-backup-") as folder:
        draft = Path(folder) / "database"
        copied = database_copy.make(registry.database, draft)
        database = copies.put(draft)
        ledger = _ledger(registry, copies, copied.head, Path(folder) / "ledger")
    files: dict[str, Any] = {}
    missing, n_new = [], 0
    for name, known in _wanted(registry.store, copied):
        copy = _keep(copies, registry.store, name, known)
        if copy is not None:
            n_new += copy.is_new
            files[name] = {"sha256": copy.sha256, "size_bytes": copy.size_bytes}
        elif known is not None:
            missing.append(name)
    listed = {
        "made_at": made_at.isoformat(),
        "database": {"kind": database_copy.kind(registry.database), "sha256": database.sha256},
        "ledger": ledger,
        "head": {"number": copied.head.number, "hash": copied.head.hash},
        "files": files,
        "missing": missing,
    }
    name = f"{made_at:%Y%m%dT%H%M%S%fZ}"
    copies.finish(name, listed)
    size = sum(one["size_bytes"] for one in files.values()) + database.size_bytes
    return Backup(name, made_at, len(files), n_new, size, len(copied.versions), tuple(missing))


def _keep(copies: Copies, store: Store, name: str, known: str | None) -> Copy | None:
    """Copy one file unless its registered content is there; None when the file is gone."""
    held = copies.held(known) if known is not None else None
    if held is not None:
        return held
    data = store.content(name)
    return None if data is None else copies.put_bytes(data)


def _wanted(store: Store, copied: Copied) -> Iterator[tuple[str, str | None]]:
    """Give the files to copy, relative to their place, those of the index with the digest that they must have."""
    registered: dict[str, str | None] = {}
    for name, row in copied.versions.items():
        if row["health"] != State.MISSING.value:
            registered[name] = row["sha256"]
            if row["serving_sha256"]:
                registered[naming.form_name(name)] = row["serving_sha256"]
    yield from registered.items()
    yield from ((name, None) for name in store.names() if name not in registered)


def _ledger(registry: Registry, copies: Copies, head: Head, draft: Path) -> dict[str, Any] | None:
    """Copy the ledger up to where the copied database stands: what came later is no part of this backup."""
    if head == NONE:
        return None
    with draft.open("wb") as written:
        for _, raw in ledger_file.lines(registry.settings.ledger_files[0]):
            written.write(raw)
            line = ledger_file.parsed(raw)
            if line is not None and line.head == head:
                break
        else:
            advice = "Run: desk registry verify"
            raise BackupError(str(copies.folder), "would lack the end of the ledger", advice=advice)
    return {"sha256": copies.put(draft).sha256}
