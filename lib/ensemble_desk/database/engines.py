"""SQLAlchemy's way to a database: what a URL names, and engines whose connections are made ready the same way."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url

from ensemble_desk.errors import SettingsError, extras

SCHEMA = "desk_schema"
"""What a URL may name in its query: the PostgreSQL schema that holds our tables."""

_SETTING = "DESK_DATABASE_URL"
_SCHEMA_SETTING = "DESK_DATABASE_SCHEMA"
_SCHEMA_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_BUSY_MILLISECONDS = 10_000
_STATEMENT_MILLISECONDS = 120_000
_PATIENT = {  # a server that is gone is noticed within seconds, also when it says nothing any more
    "connect_timeout": 3,
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
_SUPPORTED = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def checked(url: str) -> URL:
    """Read a URL; raises SettingsError when it is of no supported kind, or names a schema that cannot be."""
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):  # their texts may quote a part of it
        raise SettingsError(_SETTING, "it is no database URL such as postgresql://host/name") from None
    kind = parsed.drivername.partition("+")[0]
    if kind not in _SUPPORTED:
        raise SettingsError(_SETTING, f"{kind} is not supported; use sqlite:///FILE or postgresql://…")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsError(_SETTING, "a database in memory is lost and cannot be shared; name a file")
    if SCHEMA in parsed.query:
        _check_schema(kind, schema_of(parsed))
    return parsed.set(drivername=_SUPPORTED[kind])


def schema_of(url: URL) -> str:
    """The schema that a URL names; empty when our tables are in the one that its connections begin with."""
    return "".join(url.query.get(SCHEMA, ""))


def _check_schema(kind: str, name: str) -> None:
    if kind not in ("postgresql", "postgres"):
        raise SettingsError(_SCHEMA_SETTING, "SQLite has no schemas; leave it out, or name another file")
    if not _SCHEMA_NAME.fullmatch(name):
        advice = "write a name of a-z, 0-9 and _ that begins with a letter, 63 characters at most, not with pg_"
        raise SettingsError(_SCHEMA_SETTING, f"{advice} (got {name!r})")


class Engines(NamedTuple):
    """An engine, and the two ways of using it: a snapshot to read, and transactions that queue from their start."""

    engine: Engine
    reader: Engine
    writer: Engine


def made(url: str) -> Engines:
    """Make the engines of a URL; raises what `checked` raises."""
    engine = _engine(checked(url))
    snapshot: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    reader = engine.execution_options(**(snapshot if engine.dialect.name == "postgresql" else {}))
    return Engines(engine, reader, writer=engine.execution_options(desk_writes=True))


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        with extras.needed():
            plain = url.difference_update_query([SCHEMA])
            engine = create_engine(plain, pool_pre_ping=True, pool_size=8, connect_args=_PATIENT)
        # inserted: SQLAlchemy asks the first connection for its schema, which must be ours by then
        event.listen(engine, "connect", _preparing_postgresql(schema_of(url)), insert=True)
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
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _preparing_postgresql(schema: str) -> Callable[[Any, object], None]:
    def prepare(connection: Any, record: object) -> None:
        del record
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {_BUSY_MILLISECONDS}")
            cursor.execute(f"SET statement_timeout = {_STATEMENT_MILLISECONDS}")
            cursor.execute("SET TIME ZONE 'UTC'")  # columns of others may keep times with a zone and without
            if schema:
                cursor.execute(f'SET search_path = "{schema}"')
        connection.commit()

    return prepare
