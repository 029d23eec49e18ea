"""Inserts that may meet a row that is there already: both databases can, each in its own dialect."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

_AT_ONCE = 2_000
_COPIED_FROM = 500


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Begin an insert that takes ``on_conflict_do_nothing`` or ``on_conflict_do_update`` on this database."""
    return _begun(table, is_postgresql=connection.dialect.name == "postgresql")


def _begun(table: Table, *, is_postgresql: bool) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)


def upsert(connection: Connection, table: Table, *, by: tuple[str, ...], newer: tuple[str, ...]) -> Executable:
    """An insert of rows that brings those which are there already, ``by`` these columns, to the ``newer`` values.

    It is made once for each database, which for few rows takes longer than to execute it.
    """
    return _upsert(table, by, newer, is_postgresql=connection.dialect.name == "postgresql")


def put(connection: Connection, table: Table, here: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Write one row, over the one that is there already: ``here`` is what it is known by, ``told`` the rest of it."""
    connection.execute(upsert(connection, table, by=tuple(here), newer=tuple(told)), {**here, **told})


@cache
def _upsert(table: Table, by: tuple[str, ...], newer: tuple[str, ...], *, is_postgresql: bool) -> Executable:
    insert = _begun(table, is_postgresql=is_postgresql)
    given = {name: insert.excluded[name] for name in newer}
    made: Executable = insert.on_conflict_do_update(index_elements=list(by), set_=given)
    return made


def in_batches(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute an insert for many rows, some thousand at a time; for none it does nothing."""
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(statement, rows[start : start + _AT_ONCE])


def new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows of a table numbered by ``id``, pass over those that are there already, give the numbers of others.

    All rows have the same columns. Many of them go to PostgreSQL by COPY, which takes a fraction of the time.
    """
    if connection.dialect.name == "postgresql" and len(rows) >= _COPIED_FROM:
        return _copied(connection, table, rows)
    statement = _new(table, is_postgresql=connection.dialect.name == "postgresql")
    numbers: list[int] = []
    for start in range(0, len(rows), _AT_ONCE):
        numbers += connection.execute(statement, rows[start : start + _AT_ONCE]).scalars()
    return numbers


@cache
def _new(table: Table, *, is_postgresql: bool) -> Executable:
    return _begun(table, is_postgresql=is_postgresql).on_conflict_do_nothing().returning(table.c.id)


def _copied(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Copy rows into a table of this transaction and take from there those that are new, in their order."""
    names = list(rows[0])
    columns, given = ", ".join(f'"{name}"' for name in names), f"copied_{table.name}"
    dialect = connection.dialect
    found = (table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
    processed = [(name, process or _as_it_is) for name, process in zip(names, found, strict=True)]
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {given}")
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE {given} ON COMMIT DROP AS SELECT {columns} FROM {table.name} WITH NO DATA"  # noqa: S608 - own names
    )
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {given} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([process(row[name]) for name, process in processed])
    inserted = connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {given}"  # noqa: S608 - own names
        f" ON CONFLICT DO NOTHING RETURNING id"
    )
    return list(inserted.scalars())


def _as_it_is(value: Any) -> Any:
    return value
