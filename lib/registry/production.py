"""Production: what serves each key, since when, by whom and why."""

from sqlalchemy import Connection, select

from lib.database.tables import model_versions, production_pointers
from lib.errors import UnknownKeyError
from lib.market.keys import Key
from lib.registry import index, pointers
from lib.registry.entities import Mode, Production, State
from lib.registry.opening import Registry
from lib.registry.pointers import Pointer


def read(registry: Registry, key: Key) -> Production:
    """Read the production pointer of a key; raises UnknownKeyError."""
    return registry.answers.get(("production", key), lambda: _read(registry, key))


def fleet(registry: Registry) -> tuple[Production, ...]:
    """Read the production pointer of every key, in order, in one go."""
    with registry.database.reading() as connection:
        newest = _newest_of_pinned(connection)
        return tuple(_production(pointer, newest.get(pointer.key)) for pointer in pointers.read_all(connection))


def _read(registry: Registry, key: Key) -> Production:
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, key)
        if pointer is None:
            raise UnknownKeyError(key)
        newest = index.newest_usable(connection, key) if pointer.mode is Mode.PINNED else None
    return _production(pointer, newest.version if newest else None)


def _newest_of_pinned(connection: Connection) -> dict[Key, str | None]:
    """Look up the newest usable version of every pinned key, each by one step through the index."""
    pinned, table = production_pointers, model_versions
    newest = (
        select(table.c.version)
        .where(table.c.symbol == pinned.c.symbol, table.c.timeframe == pinned.c.timeframe)
        .where(table.c.health == State.AVAILABLE.value, table.c.quarantine_reason.is_(None))
        .order_by(table.c.version.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(pinned.c.symbol, pinned.c.timeframe, newest).where(pinned.c.mode == Mode.PINNED.value)
    return {Key(symbol, timeframe): version for symbol, timeframe, version in connection.execute(wanted)}


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
