"""How a version enters the index: with its facts, its manifest, and what people told of versions like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ensemble_desk.market import aims
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index import descriptions, entries, manifest_columns, states
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import pointers


@dataclass(frozen=True, slots=True)
class Arrival:
    """A version that is to be registered.

    Attributes
    ----------
    sha256, size_bytes, mtime_ns : of the bytes that were looked at; ``mtime_ns`` None when nobody looked at the file.
    content : what the manifest says, empty for a file that holds no version this code can serve.
    serving_sha256 : of its serving form, None when it has none.
    health, problem : available, or incompatible and why.
    has_manifest : whether one lies beside its file; None: nobody looked.
    """

    key: Key
    version: str
    file_name: str
    sha256: str
    size_bytes: int
    mtime_ns: int | None
    created_at: datetime
    content: Mapping[str, Any]
    serving_sha256: str | None = None
    health: State = State.AVAILABLE
    problem: str = ""
    has_manifest: bool | None = None


def enter(connection: Connection, arrival: Arrival, *, publisher: str, at: datetime) -> bool:
    """Put a version into the index; True when it is new, else it is checked against what arrives.

    The key's pointer is locked first, so that two programs which register versions of one key take turns. What people
    told of such versions holds for a new one too. Production does not follow yet: that takes a preflight, see
    :mod:`ensemble_desk.registry.folder.following`.
    """
    pointer = pointers.lock_or_create(connection, arrival.key, at=at)
    known = entries.find(connection, arrival.key, arrival.version)
    if known is None:
        _add(connection, arrival, symbol_id=pointer.symbol_id, publisher=publisher, at=at)
    else:
        _compare(connection, known, arrival)
        states.restate(connection, arrival.key, [arrival.version], live=pointer.version)
    return known is None


def _add(connection: Connection, arrival: Arrival, *, symbol_id: int, publisher: str, at: datetime) -> None:
    row = _described(arrival) | {
        "symbol_id": symbol_id,
        "symbol": arrival.key.symbol,
        "timeframe": arrival.key.timeframe,
        "version": arrival.version,
        "file_name": arrival.file_name,
        "sha256": arrival.sha256,
        "created_at": arrival.created_at,
        "registered_at": at,
        "publisher": publisher,
    }
    index.add(connection, row, manifest=arrival.content, has_manifest=arrival.has_manifest)
    _describe(connection, arrival)


def _describe(connection: Connection, arrival: Arrival) -> None:
    """Lay over the version what people told of those like it."""
    told = descriptions.fitting(descriptions.everything(connection), arrival.key, arrival.version)
    entry = entries.find(connection, arrival.key, arrival.version)
    if told and entry is not None:
        descriptions.apply(connection, entry, arrival.content, told)


def _compare(connection: Connection, known: Entry, arrival: Arrival) -> None:
    if known.sha256 != arrival.sha256:
        index.set_health(connection, known, State.TAMPERED, entries.tampered(known, arrival.sha256))
    elif known.health is not State.AVAILABLE and arrival.health is State.AVAILABLE:
        index.describe(connection, known, _described(arrival), manifest=arrival.content)
        _describe(connection, arrival)
    elif arrival.mtime_ns is not None:
        index.set_seen(connection, known, size_bytes=arrival.size_bytes, mtime_ns=arrival.mtime_ns)


def _described(arrival: Arrival) -> dict[str, Any]:
    return manifest_columns.of_manifest(arrival.content) | {
        "size_bytes": arrival.size_bytes,
        "mtime_ns": arrival.mtime_ns,
        "serving_sha256": arrival.serving_sha256,
        "health": arrival.health.value,
        "problem": arrival.problem,
        "horizon": aims.of_content(arrival.content, timeframe=arrival.key.timeframe).horizon,
    }
