"""Opening the database, and the two ways to talk to it: one transaction that reads, one that writes.

A SQLite file that is up to date is opened, and asked the questions of a forecast, by its driver alone; SQLAlchemy is
imported by the first transaction.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ensemble_desk.database import failures
from ensemble_desk.database.queries.query import Query
from ensemble_desk.database.queries.sqlite_driver import Mark, SqliteDriver
from ensemble_desk.database.schema_version import HEAD

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from ensemble_desk.database.engines import Engines

_PLAIN_FILE = ("sqlite:///", "sqlite+pysqlite:///")


class Database:
    """An open database at the present schema; safe to use from several threads, not across a fork."""

    def __init__(self, url: str, *, file: Path | None, is_postgresql: bool, patience_seconds: float = 0.0) -> None:
        self.url = url  # opens the same database again, for example in a worker process (holds the password)
        self.is_postgresql = is_postgresql
        self._patience_seconds = patience_seconds
        self._file = file
        self._inode = 0
        self._direct = None if file is None else SqliteDriver(file)
        self._made: Engines | None = None
        self._making = threading.Lock()

    def bring_to_head(self) -> None:
        if self._file is not None:
            failures.check_files(self._file)
        if self._direct is None or not self._direct.is_at(HEAD):
            from ensemble_desk.database import schema

            with failures.translated():
                if schema.bring_to_head(self._engines, schema=self.schema):
                    self._move_apart()
                    schema.bring_to_head(self._engines, schema=self.schema)
        if self._file is not None:
            self._inode = self._file.stat().st_ino

    @property
    def is_there(self) -> bool:
        """Whether there is a file, where the database is one."""
        return self._file is None or self._file.exists()

    @property
    def schema(self) -> str:
        """The PostgreSQL schema that our tables are kept in; empty: the one its connections begin with."""
        if not self.is_postgresql:
            return ""
        from ensemble_desk.database import engines

        return engines.schema_of(engines.checked(self.url))

    def _move_apart(self) -> None:
        """Keep our tables in a schema of their own, for whoever opens the database by ``url`` as well."""
        from ensemble_desk.database import adoption, engines

        self.close()
        self._made = None
        named = engines.checked(self.url).update_query_dict({engines.SCHEMA: adoption.OWN_SCHEMA})
        self.url = named.render_as_string(hide_password=False)

    def changes(self) -> Mark | None:
        """Give what differs after every commit of anybody; None where that cannot be told in microseconds."""
        return None if self._direct is None else self._direct.mark()

    def ask(self, question: Query, **asked: Any) -> Sequence[Any]:
        """Answer one question, as a snapshot of its own; raises DatabaseError."""
        found = None if self._direct is None else self._direct.rows(question, asked)
        if found is not None:
            return found
        with self.reading() as connection:
            return question.rows(connection, asked)

    @contextmanager
    def reading(self) -> Iterator["Connection"]:
        """One snapshot: every query inside sees the same moment; raises DatabaseError."""
        with failures.translated():
            self._check_file()
            with self._connected(self._engines.reader) as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator["Connection"]:
        """One transaction, committed at the end or undone by any error; on SQLite writers queue from the start."""
        with failures.translated():
            self._check_file()
            with self._connected(self._engines.writer) as connection, connection.begin():
                yield connection
            self._check_written()

    def _connected(self, engine: "Engine") -> "Connection":
        """Connect; a server that is just being restarted is waited for, since nothing has been asked of it yet."""
        if not self.is_postgresql or not self._patience_seconds:
            return engine.connect()
        from ensemble_desk.database import patience

        return patience.connected(engine, seconds=self._patience_seconds)

    def close(self) -> None:
        if self._direct is not None:
            self._direct.close()
        if self._made is not None:
            self._made.engine.dispose()

    @property
    def _engines(self) -> "Engines":
        with self._making:
            if self._made is None:
                from ensemble_desk.database import engines

                self._made = engines.made(self.url)
            return self._made

    def _check_file(self) -> None:
        if self._file is None:
            return
        try:
            inode = os.stat(self._file).st_ino  # noqa: PTH116 - on the path of every forecast; Path.stat is slower
        except FileNotFoundError:
            raise failures.gone() from None
        if inode != self._inode:  # restored from a backup: connections to the old file would write into nothing
            if self._made is not None:
                self._made.engine.dispose()
            self._inode = inode

    def _check_written(self) -> None:
        """Raise when the file went away during a transaction, which SQLite then wrote into nothing without a word."""
        if self._file is None:
            return
        try:
            written = os.stat(self._file).st_ino == self._inode  # noqa: PTH116 - as above
        except FileNotFoundError:
            written = False
        if not written:
            raise failures.gone()


def open_database(url: str, *, patience_seconds: float = 0.0) -> Database:
    """Open a database, creating a SQLite file and its folder, and bring its tables up to date.

    ``patience_seconds`` is how long a server that does not answer is waited for, before each transaction.

    Raises
    ------
    SettingsError
        When the URL is of no supported kind.
    DatabaseError
        When it cannot be opened, is locked, damaged, or of a newer release.
    """
    database = _named_by(url, patience_seconds)
    try:
        database.bring_to_head()
    except BaseException:
        database.close()
        raise
    return database


def migration_of(url: str) -> str | None:
    """Tell which migration a database is at, without changing it; None when it is not there or has no tables of ours.

    Raises
    ------
    SettingsError, DatabaseError
    """
    from ensemble_desk.database import schema

    database = _named_by(url, 0.0, may_make_folder=False)
    try:
        if database.is_there:
            with database.reading() as connection:
                return schema.revision(connection)
        return None
    finally:
        database.close()


def _named_by(url: str, patience_seconds: float, *, may_make_folder: bool = True) -> Database:
    start = next((start for start in _PLAIN_FILE if url.startswith(start)), None)
    name = "" if start is None else url.removeprefix(start)
    if not name or name == ":memory:" or "?" in name or name.startswith("file:"):
        from ensemble_desk.database import engines

        parsed = engines.checked(url)
        url, name = parsed.render_as_string(hide_password=False), parsed.database or ""
        if parsed.get_backend_name() == "postgresql":
            return Database(url, file=None, is_postgresql=True, patience_seconds=patience_seconds)
        if name.startswith("file:"):
            return Database(url, file=None, is_postgresql=False)
    file = Path(name)
    if may_make_folder:
        _make_folder(file.parent)
    return Database(url, file=file, is_postgresql=False)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failures.no_folder(str(error.strerror or error)) from error
