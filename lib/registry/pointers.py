"""The production pointers as stored: one row per key, read, locked and written here only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update

from lib.database import inserting, symbols
from lib.database.opening import Database
from lib.database.prepared import Prepared
from lib.database.tables import model_versions
from lib.database.tables import production_pointers as table
from lib.market.keys import Key
from lib.registry import hashing
from lib.registry.entities import Mode, State


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
    """What a forecast must know of production: the version, its digest, and whether it may be served."""

    version: str | None
    sha256: str | None
    revision: int
    health: State


def served(database: Database, key: Key) -> Served | None:
    """Read what production points at, by one indexed read; None for a key without any version."""
    found = database.ask(_SERVED, **_asked(key))
    if not found:
        return None
    row = found[0]
    return Served(row.version, row.sha256, row.revision, State(row.health or State.MISSING))


def read(connection: Connection, key: Key) -> Pointer | None:
    row = _READ.first(connection, _asked(key))
    return None if row is None else of_row(row)


def read_all(connection: Connection, keys: Sequence[Key] | None = None) -> tuple[Pointer, ...]:
    """Every pointer, or those of some keys, in the order of keys."""
    wanted = select(table).order_by(table.c.symbol, table.c.timeframe)
    if keys is not None:
        wanted = wanted.where(table.c.symbol.in_({key.symbol for key in keys}))
    found = tuple(of_row(row) for row in connection.execute(wanted))
    return found if keys is None else tuple(pointer for pointer in found if pointer.key in set(keys))


def lock(connection: Connection, key: Key) -> Pointer | None:
    """Read a pointer that nobody else can move before this transaction ends."""
    row = _LOCK.first(connection, _asked(key))
    return None if row is None else of_row(row)


def lock_or_create(connection: Connection, key: Key, *, at: datetime) -> Pointer:
    """Lock the pointer of a key, made first (following latest, serving nothing yet) when the key is new."""
    found = lock(connection, key)
    if found is not None:
        return found
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
    connection.execute(inserting.insert_into(connection, table).values(_row(new)).on_conflict_do_nothing())
    return lock(connection, key) or new


def write(connection: Connection, pointer: Pointer) -> None:
    """Store a pointer that this transaction has locked."""
    of = {"of_symbol_id": pointer.symbol_id, "of_timeframe": pointer.key.timeframe}
    connection.execute(_WRITE, _row(pointer) | of)


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

# built once: on the path of every forecast, building a statement would take longer than its answer
OF_KEY = (table.c.symbol == bindparam("symbol"), table.c.timeframe == bindparam("timeframe"))
_WANTED = select(table).where(*OF_KEY)
_READ = Prepared(_WANTED)
_LOCK = Prepared(_WANTED.with_for_update())
_WRITE = update(table).where(
    table.c.symbol_id == bindparam("of_symbol_id"), table.c.timeframe == bindparam("of_timeframe")
)
_SERVED = Prepared(
    select(table.c.version, table.c.sha256, table.c.revision, model_versions.c.health)
    .select_from(
        table.outerjoin(
            model_versions,
            and_(
                model_versions.c.symbol == table.c.symbol,
                model_versions.c.timeframe == table.c.timeframe,
                model_versions.c.version == table.c.version,
            ),
        )
    )
    .where(*OF_KEY)
)
