"""Production: what serves each key, since when, by whom and why."""

from sqlalchemy import Connection, func, select

from lib.database.tables import model_versions
from lib.errors import UnknownKeyError
from lib.market.keys import Key
from lib.registry import index, pointers
from lib.registry.entities import Mode, Production, State
from lib.registry.opening import Registry
from lib.registry.pointers import Pointer


def read(registry: Registry, key: Key) -> Production:
    """Read the production pointer of a key; raises UnknownKeyError."""
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, key)
        if pointer is None:
            raise UnknownKeyError(key)
        newest = index.newest_usable(connection, key) if pointer.mode is Mode.PINNED else None
    return _production(pointer, newest.version if newest else None)


def fleet(registry: Registry) -> tuple[Production, ...]:
    """Read the production pointer of every key, in order, in one go."""
    with registry.database.reading() as connection:
        newest = _newest_usable(connection)
        return tuple(_production(pointer, newest.get(pointer.key)) for pointer in pointers.read_all(connection))


def _newest_usable(connection: Connection) -> dict[Key, str]:
    table = model_versions
    usable = (table.c.health == State.AVAILABLE.value) & table.c.quarantine_reason.is_(None)
    wanted = select(table.c.symbol, table.c.timeframe, func.max(table.c.version))
    rows = connection.execute(wanted.where(usable).group_by(table.c.symbol, table.c.timeframe))
    return {Key(symbol, timeframe): version for symbol, timeframe, version in rows}


def _production(pointer: Pointer, newest: str | None) -> Production:
    waits = pointer.mode is Mode.PINNED and newest is not None and newest > (pointer.version or "")
    return Production(
        key=pointer.key,
        version=pointer.version,
        mode=pointer.mode,
        revision=pointer.revision,
        since=pointer.since,
        actor=pointer.actor,
        reason=pointer.reason,
        sha256=pointer.sha256,
        newer_waiting=newest if waits else None,
        previous=pointer.previous_version,
    )
