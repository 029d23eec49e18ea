"""A copy of the database at one moment, made while others write: SQLite's own backup, PostgreSQL in one snapshot."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, DateTime, Table, delete, insert, select, text
from sqlalchemy.types import TypeDecorator

from ensemble_desk.database import failures, opening, self_check
from ensemble_desk.database.opening import Database
from ensemble_desk.database.schema_version import HEAD
from ensemble_desk.database.tables.registry_tables import metadata, model_versions, sync_state
from ensemble_desk.registry import agreement
from ensemble_desk.registry.ledger_file import Head

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy holds: the newest committed line of the ledger, and the versions by file name."""

    head: Head
    versions: Mapping[str, Mapping[str, Any]]


def make(database: Database, target: Path) -> Copied:
    """Copy a database into a file. Raises DatabaseError."""
    if not database.is_postgresql:
        file = database.url.partition(":///")[2]
        with failures.translated(), closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        opened = opening.open_database(f"sqlite:///{target}")
        try:
            with opened.reading() as connection:
                _refuse_damaged(connection)
                return _copied(connection)
        finally:
            opened.close()
            for rest in ("-wal", "-shm"):
                target.with_name(target.name + rest).unlink(missing_ok=True)
    with database.reading() as connection, target.open("w", encoding="utf-8") as written:
        for table in metadata.sorted_tables:
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(select(table)):
                written.write(json.dumps([table.name, list(row)], default=_plain) + "\n")
        return _copied(connection)


def put_back(url: str, copy: Path) -> None:
    """Fill an empty PostgreSQL database from a copy, in one transaction. Raises DatabaseError."""
    database = opening.open_database(url)
    try:
        with database.writing() as connection:
            connection.execute(delete(sync_state))  # what the migrations wrote; the copy holds it too
            for table, rows in _tables(copy):
                connection.execute(insert(table), rows)
            for table in metadata.sorted_tables:
                if "id" in table.c:
                    connection.execute(
                        text(
                            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - our own table
                            f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                        )
                    )
    finally:
        database.close()


def holds_anything(url: str) -> bool:
    """Tell whether a database holds a row of ours; one without tables is given them. Raises DatabaseError."""
    database = opening.open_database(url)
    try:
        with database.reading() as connection:
            tables = (table for table in metadata.sorted_tables if table is not sync_state)
            return any(connection.execute(select(table).limit(1)).first() for table in tables)
    finally:
        database.close()


def kind(database: Database) -> str:
    return f"{'postgresql' if database.is_postgresql else 'sqlite'} {HEAD}"


def check(copy: Path, *, is_sqlite: bool) -> None:
    """Read a copy from its begin to its end; raises DatabaseError or ValueError."""
    if not is_sqlite:
        for _ in _tables(copy):
            pass
        return
    with failures.translated(), closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as opened:
        told = [row[0] for row in opened.execute("PRAGMA integrity_check")]
    if told != ["ok"]:
        problem = f"in the backup: {told[0]}"
        raise failures.damaged(problem)


def _refuse_damaged(connection: Connection) -> None:
    found = self_check.problems(connection)
    if found:
        raise failures.damaged(found[0])


def _copied(connection: Connection) -> Copied:
    table = model_versions
    wanted = select(table.c.file_name, table.c.sha256, table.c.health, table.c.serving_sha256)
    found = {row["file_name"]: dict(row) for row in connection.execute(wanted).mappings()}
    return Copied(agreement.head(connection), found)


def _tables(copy: Path) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """Give the rows of a copy, some at a time, each table after those that it refers to."""
    rows: list[dict[str, Any]] = []
    current = ""
    with copy.open(encoding="utf-8") as opened:
        for line in opened:
            name, values = json.loads(line)
            if rows and (name != current or len(rows) >= _AT_ONCE):
                yield metadata.tables[current], rows
                rows = []
            current = name
            columns = metadata.tables[name].c
            pairs = zip(columns, values, strict=True)
            rows.append({column.name: _read(column.type, value) for column, value in pairs})
    if rows:
        yield metadata.tables[current], rows


def _read(kind_of: Any, value: Any) -> Any:
    if value is None:
        return None
    kind_of = kind_of.impl if isinstance(kind_of, TypeDecorator) else kind_of
    if isinstance(kind_of, DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind_of, Date) else value


def _plain(value: object) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    raise TypeError
