"""A connection of its own to a SQLite file: has anything been written since, and single questions without ceremony."""

import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ensemble_desk.database.queries.query import Query
from ensemble_desk.database.schema_version import VERSION_TABLE

Mark = tuple[int, int]

_AT = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - a name of ours


class SqliteDriver:
    """Looks at one SQLite file and never writes; safe to share between threads, and opened anew after a fork.

    ``PRAGMA data_version`` of such a connection differs as soon as any other one, of any process, has committed.
    """

    def __init__(self, file: Path) -> None:
        self._file = str(file)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = (0, 0)  # process and inode that the connection belongs to

    def mark(self) -> Mark | None:
        """Give what differs after every commit; None when it cannot be told, and each answer must be read anew."""
        with self._lock:
            try:
                connection = self._current()
                return self._opened[1], int(connection.execute("PRAGMA data_version").fetchone()[0])
            except (OSError, sqlite3.Error):
                return None

    def rows(self, question: Query, asked: Mapping[str, Any]) -> Sequence[Any] | None:
        """Answer one question as a snapshot of its own; None where only the long way can wait or tell why."""
        with self._lock:
            try:
                return question.straight(self._current(), asked)
            except (OSError, sqlite3.Error):
                return None

    def is_at(self, head: str) -> bool:
        """Tell whether the database has its write-ahead log and the tables of this migration."""
        with self._lock:
            try:
                connection = self._current()
                journal = connection.execute("PRAGMA journal_mode").fetchone()
                return journal == ("wal",) and connection.execute(_AT).fetchall() == [(head,)]
            except (OSError, sqlite3.Error):
                return False  # whatever it is, the long way tells

    def close(self) -> None:
        with self._lock:
            self._close()

    def _current(self) -> sqlite3.Connection:
        inode = os.stat(self._file).st_ino  # noqa: PTH116 - on the path of every forecast; Path.stat is slower
        if self._connection is not None and self._opened == (os.getpid(), inode):
            return self._connection
        self._close()
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=0)
        connection.execute("PRAGMA automatic_index = OFF")  # made for one question, it takes longer than the question
        self._connection, self._opened = connection, (os.getpid(), inode)
        return connection

    def _close(self) -> None:
        if self._connection is not None and self._opened[0] == os.getpid():  # a parent's is not ours
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
