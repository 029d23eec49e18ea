"""The production pointers as stored: one row per key, read, locked and written here only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode, State
from ensemble_desk.registry.ledger import hashing, notes

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Pointer:
    """The stored pointer of one key.

    ``since``, ``actor`` and ``reason`` tell of the last change of version or mode; ``head_position`` and ``head_hash``
    name the key's newest row of history.
    """

    key: Key
    symbol_id: int
    mode: Mode
    version: str | None
    revision: int
    since: datetime
    actor: str
    reason: str
    sha256: str | None
    previous_version: str | None
    head_position: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class Served:
    """What a forecast must know of production: version, digest, description, and whether it may be served."""

    version: str | None
    sha256: str | None
    revision: int
    health: State
    description_id: int | None = None


def served(database: Database, key: Key) -> Served | None:
    """Read what production points at, by one indexed read; None for a key without any version."""
    found = database.ask(_SERVED, **_asked(key))
    if not found:
        return None
    row = found[0]
    return Served(row.version, row.sha256, row.revision, State(row.health or State.MISSING), row.description_id)


def read(connection: "Connection", key: Key) -> Pointer | None:
    row = _READ.first(connection, _asked(key))
    return None if row is None else of_row(row)


def read_all(connection: "Connection", keys: Sequence[Key] | None = None) -> tuple[Pointer, ...]:
    """Every pointer, or those of some keys, in the order of keys."""
    found = tuple(of_row(row) for row in _READ_ALL.rows(connection, {}))
    wanted = {pointer.key for pointer in found} if keys is None else set(keys)
    return tuple(pointer for pointer in found if pointer.key in wanted)


def lock(connection: "Connection", key: Key) -> Pointer | None:
    """Read a pointer that nobody else can move before this transaction ends."""
    row = _LOCK.first(connection, _asked(key))
    return None if row is None else of_row(row)


def lock_or_create(connection: "Connection", key: Key, *, at: datetime) -> Pointer:
    """Lock the pointer of a key, made first (following latest, serving nothing yet) when the key is new."""
    found = lock(connection, key)
    if found is not None:
        return found
    from ensemble_desk.database import symbols

    new = Pointer(
        key=key,
        symbol_id=symbols.symbol_id(connection, key.symbol),
        mode=Mode.FOLLOW_LATEST,
        version=None,
        revision=0,
        since=at,
        actor="",
        reason="",
        sha256=None,
        previous_version=None,
        head_position=0,
        head_hash=hashing.origin(key),
    )
    row = _row(new)
    _CREATE.write(connection, row)
    notes.take(connection, notes.POINTER, told(row))
    return lock(connection, key) or new


def write(connection: "Connection", pointer: Pointer) -> None:
    """Store a pointer that this transaction has locked."""
    row = _row(pointer)
    _WRITE.write(connection, row)
    notes.take(connection, notes.POINTER, told(row))


def told(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Give what the ledger keeps of a pointer: all but the number of its symbol, which is the database's own."""
    return {name: row[name] for name in ("symbol", "timeframe", "mode", *_AS_STORED) if name != "symbol_id"}


def of_row(row: Any) -> Pointer:
    """Give the pointer of a row that holds its columns."""
    stored = {name: getattr(row, name) for name in _AS_STORED}
    return Pointer(key=Key(row.symbol, row.timeframe), mode=Mode(row.mode), **stored)


def _asked(key: Key) -> dict[str, str]:
    return {"symbol": key.symbol, "timeframe": key.timeframe}


def _row(pointer: Pointer) -> dict[str, Any]:
    row = {name: getattr(pointer, name) for name in _AS_STORED}
    return row | {"symbol": pointer.key.symbol, "timeframe": pointer.key.timeframe, "mode": pointer.mode.value}


_AS_STORED = (
    "symbol_id",
    "version",
    "revision",
    "since",
    "actor",
    "reason",
    "sha256",
    "previous_version",
    "head_position",
    "head_hash",
)

COLUMNS, TIMES = ", ".join(("symbol", "timeframe", "mode", *_AS_STORED)), ("since",)
_WANTED = ("SELECT", COLUMNS, "FROM production_pointers")
_OF_KEY = (*_WANTED, "WHERE symbol = :symbol AND timeframe = :timeframe")
_READ, _LOCK = PlainSql(*_OF_KEY, times=TIMES), PlainSql(*_OF_KEY, times=TIMES, locks=True)
_READ_ALL = PlainSql(*_WANTED, "ORDER BY symbol, timeframe", times=TIMES)
_CREATE = PlainSql(
    "INSERT INTO production_pointers (symbol_id, timeframe, symbol, mode, version, revision, since, actor, reason,"
    " sha256, previous_version, head_position, head_hash)"
    " VALUES (:symbol_id, :timeframe, :symbol, :mode, :version, :revision, :since, :actor, :reason,"
    " :sha256, :previous_version, :head_position, :head_hash) ON CONFLICT DO NOTHING",
    times=TIMES,
)
_WRITE = PlainSql(
    "UPDATE production_pointers SET mode = :mode, version = :version, revision = :revision, since = :since,"
    " actor = :actor, reason = :reason, sha256 = :sha256, previous_version = :previous_version,"
    " head_position = :head_position, head_hash = :head_hash"
    " WHERE symbol_id = :symbol_id AND timeframe = :timeframe",
    times=TIMES,
)
_SERVED = PlainSql(
    "SELECT p.version, p.sha256, p.revision, v.health, v.description_id"
    " FROM production_pointers AS p LEFT JOIN model_versions AS v"
    " ON v.symbol = p.symbol AND v.timeframe = p.timeframe AND v.version = p.version"
    " WHERE p.symbol = :symbol AND p.timeframe = :timeframe"
)
