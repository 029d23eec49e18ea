"""What a transaction has to tell the ledger: collected while it writes, and written down before it commits."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

Note = tuple[str, Mapping[str, Any]]

ROW, POINTER, QUARANTINE, VERSION, TOMBSTONE, FIT = "row", "pointer", "quarantine", "version", "tombstone", "fit"
DIGESTS, TODAY, RESTORED = "digests", "day", "restored"
ROLE, TOKEN, REMARK = "role", "token", "note"
DESCRIPTION, EXPORT, ALERT = "description", "export", "alert"
PEOPLE, UPKEEP = "people", "upkeep"  # of all in the first line, and of all in the second, it is told from here on
_NAME = "desk_notes"


@contextmanager
def collecting(connection: "Connection") -> Iterator[list[Note]]:
    """Take down what is noted about this transaction."""
    taken: list[Note] = []
    about = connection.info  # taken once: a connection that a server has ended does not even tell this any more
    about[_NAME] = taken
    try:
        yield taken
    finally:
        about.pop(_NAME, None)


def take(connection: "Connection", kind: str, told: Mapping[str, Any]) -> None:
    """Note what was written; what the ledger must know is written inside `writing.writing` and nowhere else."""
    taken: list[Note] = connection.info[_NAME]
    taken.append((kind, dict(told)))


def of_version(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What the ledger keeps of a version."""
    return {name: row.get(name) for name in _VERSION}


def of_tombstone(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What the ledger keeps of a pruned version."""
    return {name: row[name] for name in _TOMBSTONE}


_VERSION = (
    "symbol",
    "timeframe",
    "version",
    "file_name",
    "sha256",
    "serving_sha256",
    "created_at",
    "registered_at",
    "publisher",
)
_TOMBSTONE = (
    "symbol",
    "timeframe",
    "version",
    "file_name",
    "sha256",
    "size_bytes",
    "created_at",
    "manifest",
    "pruned_at",
    "actor",
    "reason",
)
