"""History: every move and refused attempt, and what was live at any time."""

from datetime import datetime

from sqlalchemy import select

from ensemble_desk.database.tables.registry_tables import deployments as table
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.ledger import chain
from ensemble_desk.registry.opening import Registry


def deployments(registry: Registry, key: Key | None = None, *, limit: int = 100) -> tuple[Deployment, ...]:
    """Rows of history, newest first, of one key or of all."""
    wanted = select(table).order_by(table.c.id.desc()).limit(limit)
    if key is not None:
        wanted = (
            select(table)
            .where(table.c.symbol == key.symbol, table.c.timeframe == key.timeframe)
            .order_by(table.c.position.desc())
            .limit(limit)
        )
    with registry.database.reading() as connection:
        return tuple(chain.deployment(row) for row in connection.execute(wanted))


def live_at(registry: Registry, key: Key, at: datetime) -> str | None:
    """Name the version that production pointed at; None before the first one, or while none was usable."""
    wanted = (
        select(table.c.to_version)
        .where(
            table.c.symbol == key.symbol,
            table.c.timeframe == key.timeframe,
            table.c.outcome == chain.MOVED,
            table.c.at <= at,
        )
        .order_by(table.c.position.desc())
        .limit(1)
    )
    with registry.database.reading() as connection:
        found = connection.execute(wanted).scalar()
    return None if found is None else str(found)


def group(registry: Registry, group_id: str) -> tuple[Deployment, ...]:
    """Rows that were written as one group, in order of keys."""
    wanted = select(table).where(table.c.group_id == group_id).order_by(table.c.symbol, table.c.timeframe, table.c.id)
    with registry.database.reading() as connection:
        return tuple(chain.deployment(row) for row in connection.execute(wanted))


def newest_id(registry: Registry) -> int:
    """Number of the newest row, 0 when there is none: a cheap sign that production changed."""
    with registry.database.reading() as connection:
        return int(connection.execute(select(table.c.id).order_by(table.c.id.desc()).limit(1)).scalar() or 0)
