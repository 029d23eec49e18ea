"""Production: what serves each key, since when, by whom and why."""

from lib.database.plain import Plain
from lib.errors import UnknownKeyError
from lib.market.keys import Key
from lib.registry import pointers
from lib.registry.entities import Mode, Production
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


# A key that follows the latest version has none waiting: only for pinned ones is it looked up.
_POINTERS = (
    "SELECT p.*, CASE WHEN p.mode = 'pinned' THEN (SELECT version FROM model_versions AS v"
    " WHERE v.symbol = p.symbol AND v.timeframe = p.timeframe"
    " AND v.health = 'available' AND v.quarantine_reason IS NULL ORDER BY v.version DESC LIMIT 1) END AS newest"
    " FROM production_pointers AS p"
)
_ONE_KEY = Plain(_POINTERS, "WHERE p.symbol = :symbol AND p.timeframe = :timeframe", times=pointers.TIMES)
_EVERY_KEY = Plain(_POINTERS, "ORDER BY p.symbol, p.timeframe", times=pointers.TIMES)
