"""Bringing a database to the present tables, once, also when two programs open it at the same moment."""

import time
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from ensemble_desk.database import failures
from ensemble_desk.database.schema_version import HEAD
from ensemble_desk.errors import DatabaseError

_LOCK = 0x0DE5_C0DE  # PostgreSQL advisory lock of an upgrade
_PATIENCE_SECONDS = 10.0


def revision(connection: Connection) -> str | None:
    """Read which migration the database is at; None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def bring_to_head(reader: Engine, writer: Engine) -> None:
    """Upgrade unless the database is at HEAD; raises DatabaseError when it is newer than this code."""
    if reader.dialect.name == "sqlite":
        _write_ahead(reader)
    with reader.connect() as connection:
        found = revision(connection)
    if found == HEAD:
        return
    with writer.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = revision(connection)  # another program may have been first
        if found == HEAD:
            return
        if found is not None and found > HEAD:
            raise failures.too_new(found)
        _upgrade(connection)


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
