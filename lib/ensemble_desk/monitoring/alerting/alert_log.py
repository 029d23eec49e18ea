"""Alerts as they came and went, whoever was told: a line when one is raised or has news, a line when it is settled."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import func, select

from ensemble_desk.database import inserting
from ensemble_desk.database.tables.registry_tables import alert_events as table
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.alerting.alerts import Alert, Subject
from ensemble_desk.registry.ledger import notes, people, writing
from ensemble_desk.registry.opening import Registry

RAISED, SETTLED = "raised", "settled"


def record(registry: Registry, standing: Sequence[Alert]) -> int:
    """Write down what is new about the alerts that stand, and which stand no more; gives the number of new lines.

    A rollback is a move and told as one. Safe to run by two programs at once. Raises what `writing.writing` does.
    """
    at = registry.clock()
    told = {one.topic: one for one in standing if one.subject is not Subject.ROLLBACK}
    with writing.writing(registry) as connection:
        newest = select(func.max(table.c.id)).group_by(table.c.topic)
        known = {row.topic: row for row in connection.execute(select(table).where(table.c.id.in_(newest)))}
        lines = [_raised(one, known.get(one.topic)) for one in told.values() if _is_news(one, known.get(one.topic))]
        lines += [_settled(row) for row in known.values() if row.event == RAISED and row.topic not in told]
        for line in lines:
            new = inserting.insert_into(connection, table).values(**line, at=at)
            people.written(connection, notes.ALERT, new.on_conflict_do_nothing())
    return len(lines)


def _is_news(alert: Alert, known: Any) -> bool:
    return known is None or known.event == SETTLED or known.fingerprint != alert.fingerprint


def _raised(alert: Alert, known: Any) -> Mapping[str, Any]:
    named = parse_qs(urlsplit(alert.link).query).get("key")
    key = Key.parse(named[0]) if named else None
    return {
        "topic": alert.topic,
        "after_id": known.id if known is not None else 0,
        "event": RAISED,
        "fingerprint": alert.fingerprint,
        "symbol": key.symbol if key else None,
        "timeframe": key.timeframe if key else None,
        "title": alert.title,
        "text": alert.text,
    }


def _settled(row: Any) -> Mapping[str, Any]:
    kept = {name: getattr(row, name) for name in ("topic", "fingerprint", "symbol", "timeframe", "title", "text")}
    return kept | {"after_id": row.id, "event": SETTLED}
