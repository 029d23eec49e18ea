"""Notes: what people write about a version or a move, for everybody to read; nothing that was written is changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select

from ensemble_desk.database import texts
from ensemble_desk.database.tables.registry_tables import notes as table
from ensemble_desk.errors import EmptyNoteError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import TO_NOTE, Actor
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.ledger import notes as told
from ensemble_desk.registry.ledger import people, writing
from ensemble_desk.registry.opening import Registry

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Note:
    """One note, about a version or about a move; ``move_id`` is the number of the move."""

    key: Key
    version: str | None
    move_id: int | None
    text: str
    actor: str
    at: datetime


def on_version(registry: Registry, key: Key, version: str, text: str, *, actor: Actor) -> Note:
    """Write a note on a version.

    Raises NotAllowedError, EmptyNoteError, UnknownVersionError, PrunedVersionError.
    """
    said = _said(text, actor)
    with writing.writing(registry) as connection:
        index.require(connection, key, version)
        return _write(connection, Note(key, version, None, said, actor.name, registry.clock()), move_hash=None)


def on_move(registry: Registry, move: Deployment, text: str, *, actor: Actor) -> Note:
    """Write a note on a move, or on an attempt that was refused; raises NotAllowedError, EmptyNoteError."""
    said = _said(text, actor)
    note = Note(move.key, None, move.id, said, actor.name, registry.clock())
    with writing.writing(registry) as connection:
        return _write(connection, note, move_hash=move.hash)


def of_version(registry: Registry, key: Key, version: str) -> tuple[Note, ...]:
    """The notes on a version, newest first."""
    return _read(registry, table.c.symbol == key.symbol, table.c.timeframe == key.timeframe, table.c.version == version)


def of_move(registry: Registry, move: Deployment) -> tuple[Note, ...]:
    """The notes on a move, newest first."""
    return _read(registry, table.c.move_hash == move.hash)


def _said(text: str, actor: Actor) -> str:
    actor.require(TO_NOTE, "write notes")
    said = texts.said(text)
    if not said:
        raise EmptyNoteError
    return said


def _write(connection: Any, note: Note, *, move_hash: str | None) -> Note:
    row = {name: getattr(note, name) for name in ("version", "move_id", "text", "actor", "at")}
    row |= {"symbol": note.key.symbol, "timeframe": note.key.timeframe, "move_hash": move_hash}
    people.written(connection, told.REMARK, insert(table).values(row))
    return note


def _read(registry: Registry, *about: ColumnElement[bool]) -> tuple[Note, ...]:
    wanted = select(table).where(*about).order_by(table.c.at.desc(), table.c.id.desc()).limit(MOST_SHOWN)
    with registry.database.reading() as connection:
        return tuple(
            Note(Key(row.symbol, row.timeframe), row.version, row.move_id, row.text, row.actor, row.at)
            for row in connection.execute(wanted)
        )
