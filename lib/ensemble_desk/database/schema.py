"""Bringing a database to the present tables, once, also when two programs open it at the same moment."""

import logging
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from ensemble_desk.database import adoption, failures
from ensemble_desk.database.engines import Engines
from ensemble_desk.database.schema_version import HEAD, VERSION_TABLE
from ensemble_desk.errors import DatabaseError

_log = logging.getLogger(__name__)

_LOCK = 0x0DE5_C0DE  # PostgreSQL advisory lock of an upgrade
_PATIENCE_SECONDS = 10.0


def revision(connection: Connection) -> str | None:
    """Read which migration of ours the database is at; None when it has none."""
    has_own = inspect(connection).has_table(VERSION_TABLE)
    if not has_own and not adoption.is_ours(connection):
        return None
    table = VERSION_TABLE if has_own else "alembic_version"
    found = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()  # noqa: S608 - a name of ours
    return None if found is None else str(found)


def bring_to_head(engines: Engines, *, schema: str = "") -> str:
    """Upgrade unless the database is at HEAD; gives why our tables need a schema of their own, if they do.

    Raises
    ------
    DatabaseError
        When it is newer than this code, or holds what has to be moved or finished first.
    """
    if engines.engine.dialect.name == "sqlite":
        _write_ahead(engines.engine)
    with engines.engine.connect() as connection:
        if _is_at_head(connection) or _serves_older(connection):
            return ""
    with engines.writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            if schema:
                connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        return _bring(connection, may_move=not schema)


def _is_at_head(connection: Connection) -> bool:
    return inspect(connection).has_table(VERSION_TABLE) and revision(connection) == HEAD


def _serves_older(connection: Connection) -> bool:
    """Whether a newer release has migrated the database in a way that this code can go on with.

    A migration only adds what this code does not ask for, or raises the number that it notes in ``sync_state``: of the
    oldest schema whose code can go on.
    """
    if not inspect(connection).has_table(VERSION_TABLE) or (revision(connection) or "") <= HEAD:
        return False
    oldest = connection.execute(text("SELECT value FROM sync_state WHERE name = 'schema serves from'")).scalar()
    return oldest is not None and int(oldest) <= int(HEAD)


def _bring(connection: Connection, *, may_move: bool) -> str:
    found = revision(connection)  # another program may have been first
    if found is not None and found > HEAD:
        if _serves_older(connection):
            return ""
        raise failures.too_new(found)
    if found is None:
        apart = _apart(connection, may_move=may_move)
        if apart:
            return apart
    elif not inspect(connection).has_table(VERSION_TABLE):
        adoption.take_version_over(connection)
    if found != HEAD:
        _upgrade(connection)
    return ""


def _apart(connection: Connection, *, may_move: bool) -> str:
    """Say why our tables go into a schema of their own; raises DatabaseError where there is none, or none will do."""
    may_move = may_move and connection.dialect.name == "postgresql"
    if may_move and inspect(connection).has_table(VERSION_TABLE, schema=adoption.OWN_SCHEMA):
        return "they are there already"
    standing = adoption.examine(connection)
    if standing.unfinished:
        raise failures.unfinished(standing.unfinished, sqlite=connection.dialect.name == "sqlite")
    if standing.in_the_way and not may_move:
        raise failures.occupied(standing.in_the_way, sqlite=connection.dialect.name == "sqlite")
    if standing.in_the_way:
        _log.warning("%s, so our tables go into the schema %s", standing.in_the_way, adoption.OWN_SCHEMA)
    return standing.in_the_way


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _write_ahead(engine: Engine) -> None:
    """Switch SQLite to its write-ahead log; SQLite's own waiting does not cover this switch, so wait here."""
    last = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with failures.translated():
                return _switch(engine)
        except DatabaseError as error:
            if failures.is_read_only(error):
                return None  # it is read as it is
            if not failures.is_locked(error) or time.monotonic() > last:
                raise
            time.sleep(0.02)


def _switch(engine: Engine) -> None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode")
        if cursor.fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
