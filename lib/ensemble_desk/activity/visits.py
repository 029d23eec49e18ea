"""When each person last looked at what others did."""

from datetime import datetime

from sqlalchemy import select

from ensemble_desk.database import inserting
from ensemble_desk.database.tables.registry_tables import activity_visits as table
from ensemble_desk.registry.opening import Registry


def last(registry: Registry, person: str) -> datetime | None:
    """The last visit of a person; None before the first."""
    with registry.database.reading() as connection:
        return connection.execute(select(table.c.at).where(table.c.person == person)).scalar()


def remember(registry: Registry, person: str, *, at: datetime) -> None:
    """Keep a visit."""
    with registry.database.writing() as connection:
        inserting.put(connection, table, {"person": person}, {"at": at})
