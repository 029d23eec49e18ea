"""The audit of everything: the registry's own, and what is kept of the log compared with the log."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.tables.monitoring_tables import alarm_states, kept_drift, outcome_marks
from ensemble_desk.database.tables.registry_tables import daily_digests, symbols
from ensemble_desk.forecasting import definitions
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.auditing import checks
from ensemble_desk.monitoring.evidence import bands
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.upkeep import kept
from ensemble_desk.registry.entities import Finding
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.opening import Registry

KEPT = "kept contradicts log"
_ADVICE = "delete its rows of kept_drift, alarm_states and outcome_marks: the next jobs make them anew"
_TABLES = (kept_drift, alarm_states, outcome_marks)
_TRIES = 5


def verify(registry: Registry, *, since: date | None = None, **more: Any) -> tuple[Finding, ...]:
    """Check what :func:`.registry.folder.audit.verify` does, and what is kept of the log; empty when all is well.

    With ``since`` only keys of which outcomes came on that day or later are compared.

    Raises
    ------
    DatabaseError, ClusterError, OtherReleaseError, MissingExtraError
    """
    found = audit.verify(registry, since=since, **more)
    if any(one.kind in (audit.DAMAGED, audit.ROW) for one in found):  # the rest cannot be read
        return found
    return (*found, *_of_keys(registry, since))


def _of_keys(registry: Registry, since: date | None) -> Iterator[Finding]:
    policy = bands.policy(registry.settings)
    for key in _keys(registry, since):
        yield from (Finding(key, KEPT, f"{problem}; {_ADVICE}") for problem in _certain(registry, key, policy))


def _keys(registry: Registry, since: date | None) -> Sequence[Key]:
    """Keys of which something is kept; with ``since`` those with newer outcomes."""
    table = daily_digests
    newest = select(table.c.symbol_id, table.c.timeframe).where(table.c.kind == digests.OUTCOMES)
    if since is not None:
        newest = newest.group_by(table.c.symbol_id, table.c.timeframe).having(func.max(table.c.day) >= since)
    found: set[Key] = set()
    with registry.database.reading() as connection:
        named = {number: str(ticker) for number, ticker in connection.execute(select(symbols.c.id, symbols.c.ticker))}
        due = {tuple(row) for row in connection.execute(newest)}
        for one in _TABLES:
            pairs = connection.execute(select(one.c.symbol_id, one.c.timeframe).distinct())
            found |= {Key(named[number], frame) for number, frame in pairs if since is None or (number, frame) in due}
    return sorted(found)


def _certain(registry: Registry, key: Key, policy: Policy) -> tuple[str, ...]:
    """Give what is wrong with what was kept of a key, while nothing of it is written."""
    for _ in range(_TRIES):
        before = _seen(registry, key, policy)
        try:
            problems = checks.of_key(registry, key, policy)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            problems = (f"what is kept cannot be read ({type(error).__name__})",)
        if not problems or _seen(registry, key, policy) == before:
            return problems
    return ()


def _seen(registry: Registry, key: Key, policy: Policy) -> list[Any]:
    """Everything that is compared, and signs of what it is compared with."""
    found: list[Any] = [digests.standing(registry.database, kind, key) for kind in digests.KINDS]
    found += (definitions.sign(registry.database, key), kept.signs(registry.database, policy, key))
    with registry.database.reading() as connection:
        for table in _TABLES:
            of_key = (symbols.c.ticker == key.symbol, table.c.timeframe == key.timeframe)
            wanted = select(table).join(symbols).where(*of_key).order_by(*table.primary_key)
            found += map(tuple, connection.execute(wanted))
    return found
