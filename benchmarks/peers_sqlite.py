"""The floor under every read: SQLite's own driver, one SELECT, nothing checked and nothing made of what it gives."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

WHAT = "a bare SELECT of the same rows through sqlite3"


@contextmanager
def connection(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the database of a models folder."""
    (file,) = folder.rglob("registry.db")
    with closing(sqlite3.connect(file, isolation_level=None)) as opened:
        yield opened


def rows(opened: sqlite3.Connection, statement: str, *asked: str) -> list[tuple[object, ...]]:
    return opened.execute(statement, asked).fetchall()
