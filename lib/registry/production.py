"""Production: what serves each key, since when, by whom and why."""

from sqlalchemy import case, null, select

from lib.database.prepared import Prepared
from lib.database.tables import model_versions, production_pointers
from lib.errors import UnknownKeyError
from lib.market.keys import Key
from lib.registry import pointers
from lib.registry.entities import Mode, Production, State
from lib.registry.opening import Registry
from lib.registry.pointers import Pointer


def read(registry: Registry, key: Key) -> Production:
    """Read the production pointer of a key; raises UnknownKeyError."""
    return registry.answers.get(("production", key), lambda: _read(registry, key))


def fleet(registry: Registry) -> tuple[Production, ...]:
    """Read the production pointer of every key, in order, in one go."""
    found = registry.database.ask(_EVERY_KEY)
    return tuple(_production(pointers.of_row(row), row.newest) for row in found)


def _read(registry: Registry, key: Key) -> Production:
    found = registry.database.ask(_ONE_KEY, symbol=key.symbol, timeframe=key.timeframe)
    if not found:
        raise UnknownKeyError(key)
    return _production(pointers.of_row(found[0]), found[0].newest)


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


_NEWEST_USABLE = (
    select(model_versions.c.version)
    .where(
        model_versions.c.symbol == production_pointers.c.symbol,
        model_versions.c.timeframe == production_pointers.c.timeframe,
        model_versions.c.health == State.AVAILABLE.value,
        model_versions.c.quarantine_reason.is_(None),
    )
    .order_by(model_versions.c.version.desc())
    .limit(1)
    .scalar_subquery()
)
_POINTERS = select(  # a key that follows the latest version has none waiting: only for pinned ones is it looked up
    production_pointers,
    case((production_pointers.c.mode == Mode.PINNED.value, _NEWEST_USABLE), else_=null()).label("newest"),
)
_ONE_KEY = Prepared(_POINTERS.where(*pointers.OF_KEY))
_EVERY_KEY = Prepared(_POINTERS.order_by(production_pointers.c.symbol, production_pointers.c.timeframe))
