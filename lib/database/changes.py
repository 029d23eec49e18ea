"""Has anything been written since? Asked of SQLite in microseconds, so that answers can be kept until it has."""

import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

Mark = tuple[int, int]


class Changes:
    """Looks at one SQLite file through a connection of its own, which never writes.

    ``PRAGMA data_version`` of such a connection differs as soon as any other one, of any process, has committed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened = (0, 0)  # process and inode that the connection belongs to

    def mark(self) -> Mark | None:
        """Give what differs after every commit; None when it cannot be told, and each answer must be read anew."""
        with self._lock:
            try:
                inode = os.stat(self._file).st_ino  # noqa: PTH116 - on the path of every forecast; Path.stat is slower
                connection = self._connection
                if connection is None or self._opened != (os.getpid(), inode):
                    connection = self._open(inode)
                return inode, int(connection.execute("PRAGMA data_version").fetchone()[0])
            except (OSError, sqlite3.Error):
                return None

    def close(self) -> None:
        with self._lock:
            self._close()

    def _open(self, inode: int) -> sqlite3.Connection:
        self._close()
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=0)
        self._connection, self._opened = connection, (os.getpid(), inode)
        return connection

    def _close(self) -> None:
        if self._connection is not None and self._opened[0] == os.getpid():  # a parent's is not ours
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
