"""What a person keeps for themself: keys that they watch, introductions that they have read, views with names."""

from enum import StrEnum

from sqlalchemy import delete, select

from ensemble_desk.database import inserting
from ensemble_desk.database.tables.access_tables import personal_marks as table
from ensemble_desk.registry.actors import Actor
from ensemble_desk.registry.opening import Registry


class Kind(StrEnum):
    """What a mark says of its subject."""

    WATCHED = "watched"  # a key, in words
    READ = "read"  # the introduction of a page, by its name
    VIEW = "view"  # a name for some filters of the overview, as name?filters


def subjects(registry: Registry, actor: Actor, kind: Kind) -> frozenset[str]:
    """Give everything that a person has marked so."""
    wanted = select(table.c.subject).where(table.c.person == actor.name, table.c.kind == str(kind))
    with registry.database.reading() as connection:
        return frozenset(connection.execute(wanted).scalars())


def mark(registry: Registry, actor: Actor, kind: Kind, subject: str, *, on: bool) -> None:
    """Put a mark, or take it away; twice is the same as once. It takes no role: it is seen by this person alone."""
    told = {"person": actor.name, "kind": str(kind), "subject": subject}
    with registry.database.writing() as connection:
        if on:
            row = inserting.insert_into(connection, table).values(**told, at=registry.clock())
            connection.execute(row.on_conflict_do_nothing())
        else:
            connection.execute(delete(table).where(*(table.c[name] == value for name, value in told.items())))
