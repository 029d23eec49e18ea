"""Production: what serves each key, since when, by whom and why."""

from typing import Any

from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode, Production
from ensemble_desk.registry.ledger import pointers
from ensemble_desk.registry.opening import Registry


def read(registry: Registry, key: Key) -> Production:
    """Read the production pointer of a key; raises UnknownKeyError."""
    return registry.query_cache.get(("production", key), lambda: _read(registry, key))


def fleet(registry: Registry) -> tuple[Production, ...]:
    """Read the production pointer of every key, in order, in one go."""
    found = registry.database.ask(_EVERY_KEY)
    return tuple(_production(Key(row.symbol, row.timeframe), row) for row in found)


def _read(registry: Registry, key: Key) -> Production:
    found = registry.database.ask(_ONE_KEY, symbol=key.symbol, timeframe=key.timeframe)
    if not found:
        raise UnknownKeyError(key)
    return _production(key, found[0])


def _production(key: Key, row: Any) -> Production:
    return Production(
        key=key,
        version=row.version,
        mode=Mode(row.mode),
        revision=row.revision,
        since=row.since,
        actor=row.actor,
        reason=row.reason,
        sha256=row.sha256,
        newer_waiting=row.newer_waiting,
        previous=row.previous_version,
    )


# A key that follows the latest version has none waiting: only for pinned ones is it looked up.
_NEWER_WAITING = (
    "CASE WHEN p.mode = 'pinned' THEN (SELECT v.version FROM model_versions AS v"
    " WHERE v.symbol = p.symbol AND v.timeframe = p.timeframe AND v.version > coalesce(p.version, '')"
    " AND v.health = 'available' AND v.quarantine_reason IS NULL ORDER BY v.version DESC LIMIT 1) END AS newer_waiting"
)
_POINTERS = ("SELECT", pointers.COLUMNS, ",", _NEWER_WAITING, "FROM production_pointers AS p")
_ONE_KEY = PlainSql(*_POINTERS, "WHERE p.symbol = :symbol AND p.timeframe = :timeframe", times=pointers.TIMES)
_EVERY_KEY = PlainSql(*_POINTERS, "ORDER BY p.symbol, p.timeframe", times=pointers.TIMES)
