"""Opening the database, and the two ways to talk to it: one transaction that reads, one that writes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from lib.database import failures, schema
from lib.database.direct import DirectConnection, Mark
from lib.database.prepared import Prepared
from lib.errors import SettingsError

_SETTING = "DESK_DATABASE_URL"
_BUSY_MILLISECONDS = 10_000
_SUPPORTED = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class Database:
    """An open database at the present schema; safe to use from several threads, not across a fork."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._file = _sqlite_file(engine.url)
        self._inode = 0
        self._direct = DirectConnection(self._file, engine.dialect) if self._file is not None else None
        snapshot: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(**(snapshot if self.is_postgresql else {}))
        self._writer = engine.execution_options(desk_writes=True)

    @property
    def url(self) -> str:
        """What opens the same database again, for example in a worker process (holds the password)."""
        return self._engine.url.render_as_string(hide_password=False)

    @property
    def is_postgresql(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def bring_to_head(self) -> None:
        with failures.translated():
            schema.bring_to_head(self._engine, self._writer)
        if self._file is not None:
            self._inode = self._file.stat().st_ino

    def changes(self) -> Mark | None:
        """Give what differs after every commit of anybody; None where that cannot be told in microseconds."""
        return None if self._direct is None else self._direct.mark()

    def ask(self, question: Prepared, **asked: Any) -> Sequence[Any]:
        """Answer one question, as a snapshot of its own; raises DatabaseError."""
        found = None if self._direct is None else self._direct.rows(question, asked)
        if found is not None:
            return found
        with self.reading() as connection:
            return question.rows(connection, asked)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One snapshot: every query inside sees the same moment; raises DatabaseError."""
        with failures.translated():
            self._check_file()
            with self._reader.connect() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, committed at the end or undone by any error; on SQLite writers queue from the start."""
        with failures.translated():
            self._check_file()
            with self._writer.begin() as connection:
                yield connection
            self._check_written()

    def close(self) -> None:
        if self._direct is not None:
            self._direct.close()
        self._engine.dispose()

    def _check_file(self) -> None:
        if self._file is None:
            return
        try:
            inode = os.stat(self._file).st_ino  # noqa: PTH116 - on the path of every forecast; Path.stat is slower
        except FileNotFoundError:
            raise failures.gone() from None
        if inode != self._inode:  # restored from a backup: connections to the old file would write into nothing
            self._engine.dispose()
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


def open_database(url: str) -> Database:
    """Open a database, creating a SQLite file and its folder, and bring its tables up to date.

    Raises
    ------
    SettingsError
        When the URL is of no supported kind.
    DatabaseError
        When it cannot be opened, is locked, damaged, or of a newer release.
    """
    parsed = _checked(url)
    file = _sqlite_file(parsed)
    if file is not None:
        _make_folder(file.parent)
    database = Database(_engine(parsed))
    try:
        database.bring_to_head()
    except BaseException:
        database.close()
        raise
    return database


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise SettingsError(_SETTING, "it is no database URL such as postgresql://host/name") from error
    kind = parsed.get_backend_name()
    if kind not in _SUPPORTED:
        raise SettingsError(_SETTING, f"{kind} is not supported; use sqlite:///FILE or postgresql://…")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsError(_SETTING, "a database in memory is lost and cannot be shared; name a file")
    return parsed.set(drivername=_SUPPORTED[kind])


def _sqlite_file(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database is None or url.database.startswith("file:"):
        return None
    return Path(url.database)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise failures.no_folder(str(error.strerror or error)) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        engine = create_engine(url, pool_pre_ping=True, pool_size=8, connect_args={"connect_timeout": 10})
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = create_engine(url, pool_size=8, max_overflow=24, connect_args={"timeout": _BUSY_MILLISECONDS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("desk_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(connection: Any, record: object) -> None:
    del record
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {_BUSY_MILLISECONDS}")
    connection.commit()
