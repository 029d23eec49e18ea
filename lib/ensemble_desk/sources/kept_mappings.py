"""How files of one shape are read, kept under a name once a person has said it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.upkeep_tables import bar_mappings
from ensemble_desk.errors import UnknownMappingError
from ensemble_desk.sources.upload import answers
from ensemble_desk.sources.upload.answers import Answers

_LONGEST_NAME = 80
_OF_SHAPE = CompiledSelect(
    select(bar_mappings)
    .where(bar_mappings.c.shape == bindparam("shape"))
    .order_by(bar_mappings.c.kept_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class KeptMapping:
    """What was said about files of one shape.

    Attributes
    ----------
    name : what it is called.
    shape : the files it fits, as `shape_of` tells it.
    answers : what was said.
    kept_at, actor : when and by whom.
    """

    name: str
    shape: str
    answers: Answers
    kept_at: datetime
    actor: str


def keep(database: Database, name: str, *, shape: str, said: Answers, at: datetime, actor: str) -> KeptMapping:
    """Keep what holds for every file of this shape; a mapping of the same name is replaced.

    Raises
    ------
    DatabaseError
        When the database cannot be written; then nothing changed.
    """
    called = "".join(letter for letter in name.strip() if letter.isprintable())[:_LONGEST_NAME] or "mapping"
    kept = KeptMapping(called, shape, said.of_the_shape(), at, actor)
    told = {"shape": shape, "answers": kept.answers.said(), "kept_at": at, "actor": actor}
    with database.writing() as connection:
        inserting.put(connection, bar_mappings, {"name": called}, told)
    return kept


def fitting(database: Database, shape: str) -> KeptMapping | None:
    """The newest mapping that was kept for files of this shape."""
    found = database.ask(_OF_SHAPE, shape=shape)
    return _kept(found[0]) if found else None


def every(database: Database) -> tuple[KeptMapping, ...]:
    """All of them, by name."""
    with database.reading() as connection:
        return tuple(map(_kept, connection.execute(select(bar_mappings).order_by(bar_mappings.c.name))))


def forget(database: Database, name: str) -> None:
    """Delete a mapping; raises UnknownMappingError when there is none of this name."""
    with database.writing() as connection:
        gone = connection.execute(bar_mappings.delete().where(bar_mappings.c.name == name)).rowcount
    if not gone:
        raise UnknownMappingError(name)


def _kept(row: Any) -> KeptMapping:
    return KeptMapping(row.name, row.shape, answers.of(row.answers), row.kept_at, row.actor)
