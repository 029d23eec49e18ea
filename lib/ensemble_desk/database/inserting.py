"""Inserts that may meet a row that is there already: both databases can, each in its own dialect."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

_AT_ONCE = 2_000


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insert that takes ``on_conflict_do_nothing`` or ``on_conflict_do_update`` on this database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def in_batches(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute an insert for many rows, some thousand at a time; for none it does nothing."""
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(statement, rows[start : start + _AT_ONCE])


def new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of a table numbered by ``id``, pass over those that are there already, give the numbers of others."""
    statement = insert_into(connection, table).on_conflict_do_nothing().returning(table.c.id)
    numbers: list[int] = []
    for start in range(0, len(rows), _AT_ONCE):
        numbers += connection.execute(statement, rows[start : start + _AT_ONCE]).scalars()
    return numbers
