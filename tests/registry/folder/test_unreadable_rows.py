"""Whatever stands in a cell of the database: the audit tells of it, and never ends with an error of its own."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import JSON, Date, DateTime, text
from tests.registry.folder.conftest import live

from ensemble_desk.database.tables.registry_tables import metadata
from ensemble_desk.registry.folder import audit

BLOB, TEXT_OF_BLOB = b"\xff\x00", "CAST(x'ff00' AS TEXT)"
VALUES = {  # by how SQLite keeps a column: to a number any text is the same, and to a text any number is a text
    "TEXT": (None, "garbage", BLOB, TEXT_OF_BLOB),
    "NUMBER": (None, "garbage", -1, 10**18, BLOB),
    "TIME": (None, -1, BLOB, "2025-99-99 99:99"),
    "JSON": (None, '{"a": ', -1, BLOB, "[1]"),
}


def kind_of(column):
    if isinstance(column.type, JSON):
        return "JSON"
    if isinstance(getattr(column.type, "impl", column.type), Date | DateTime):
        return "TIME"
    return "TEXT" if column.type.python_type is str else "NUMBER"


def put(database, column, value, rowid):
    """Put a value into a cell; gives the row's number afterwards, None where a rule of the table keeps it out."""
    holds, values = ("?", (value, rowid)) if value != TEXT_OF_BLOB else (TEXT_OF_BLOB, (rowid,))
    told = f"UPDATE {column.table.name} SET {column.name} = {holds} WHERE rowid = ? RETURNING rowid"  # noqa: S608 - names of columns
    try:
        ((now,),) = database.execute(told, values).fetchall()
    except sqlite3.IntegrityError:
        return None
    return now


def tried(database, column):
    """Put one value after the other into a cell of a column, and what was there before back at the end."""
    told = f"SELECT rowid, {column.name} FROM {column.table.name} LIMIT 1"  # noqa: S608 - names of columns
    rowid, before = database.execute(told).fetchone() or (None, None)
    for value in VALUES[kind_of(column)] if rowid is not None else ():
        now = None if value == before else put(database, column, value, rowid)
        if now is not None:
            yield value
            assert put(database, column, before, now) == rowid


def test_no_value_in_any_cell_ends_the_audit(sqlite_desk, tmp_path):
    registry, wrong, n_named = live(sqlite_desk, n_bars=8).registry, [], 0
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as database:
        for column in (column for table in metadata.sorted_tables for column in table.c):
            for value in tried(database, column):
                try:
                    found = [one for one in audit.verify(registry) if one.kind == audit.ROW]
                except Exception as error:  # noqa: BLE001 - none may come
                    wrong.append((str(column), value, repr(error)))
                    continue
                n_named += bool(found)
                if not all(one.detail.startswith(f"{column.table.name}, row ") for one in found):
                    wrong.append((str(column), value, found))
    assert not wrong
    assert n_named > 200  # most of what cannot be read is in rows that the audit reads
    assert audit.verify(registry) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("model_versions.health", "garbage"),
        ("model_versions.described", '{"a": '),
        ("production_pointers.mode", "garbage"),
        ("version_descriptions.told", '{"horizon_bars": -1}'),
        ("deployments.timeframe", "garbage"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_checked(lived, column, value):
    table, name = column.split(".")
    number = "symbol" if table == "production_pointers" else "id"
    first = f"WHERE {number} = (SELECT min({number}) FROM {table})"  # noqa: S608 - names of columns
    with lived.registry.database.writing() as connection:
        told = text(f"UPDATE {table} SET {name} = :value {first}")  # noqa: S608 - as above
        assert connection.execute(told, {"value": value}).rowcount
        connection.execute(text("UPDATE symbols SET ticker = 'MSFT'"))
    found = audit.verify(lived.registry)
    (row,) = [one for one in found if one.kind == audit.ROW]
    assert row.detail.startswith(f"{table}, row ")
    assert f"{name} holds" in row.detail
    assert "desk restore" in row.detail
    assert "stands for another ticker" in " ".join(one.detail for one in found)
