"""The stored state of each version, which lists filter by, and how many versions of a key are in which."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.market.keys import Key

if TYPE_CHECKING:
    from sqlalchemy import Connection


def restate(connection: "Connection", key: Key, versions: Iterable[str | None], *, live: str | None) -> None:
    """Bring the state of some versions in line with their health, their quarantine and production.

    After most moves one version more is in one state, one less in the other, and the other way round: only when the
    numbers differ are the versions of the key counted anew. The caller holds the lock of the key's pointer.
    """
    more: Counter[str] = Counter()
    for version in filter(None, versions):
        asked = {"symbol": key.symbol, "timeframe": key.timeframe, "version": version}
        found = _DUE.first(connection, asked | {"live": live})
        if found is not None and found.state != found.due:
            _RESTATE.write(connection, asked | {"state": found.due})
            more[found.state] -= 1
            more[found.due] += 1
    if any(more.values()):
        recount(connection, key)


def recount(connection: "Connection", key: Key) -> None:
    """Count a key's versions by state anew; the caller holds the lock of the key's pointer."""
    asked = {"symbol": key.symbol, "timeframe": key.timeframe}
    _FORGET.write(connection, asked)
    _KEEP.write(connection, asked)


_DUE = PlainSql(
    "SELECT state, CASE WHEN health <> 'available' THEN health WHEN quarantine_reason IS NOT NULL THEN 'quarantined'"
    " WHEN version = :live THEN 'in production' ELSE 'available' END AS due FROM model_versions"
    " WHERE symbol = :symbol AND timeframe = :timeframe AND version = :version"
)
_RESTATE = PlainSql(
    "UPDATE model_versions SET state = :state WHERE symbol = :symbol AND timeframe = :timeframe AND version = :version"
)
_FORGET = PlainSql("DELETE FROM version_counts WHERE symbol = :symbol AND timeframe = :timeframe")
_KEEP = PlainSql(
    "INSERT INTO version_counts (symbol, timeframe, state, n) SELECT symbol, timeframe, state, count(*)"
    " FROM model_versions WHERE symbol = :symbol AND timeframe = :timeframe GROUP BY symbol, timeframe, state"
)
