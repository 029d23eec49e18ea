"""The column types that read the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from ensemble_desk.database import times


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes; PostgreSQL keeps the zone unless ``naive`` (the guide's plain TIMESTAMP)."""

    impl = DateTime
    cache_ok = True

    def __init__(self, *, naive: bool = False) -> None:
        super().__init__()
        self.naive = naive

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=not self.naive))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = times.in_utc(value)
        return utc if dialect.name == "postgresql" and not self.naive else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class UtcNow(FunctionElement[datetime]):
    """The server's time in UTC, as a default for rows that other programs insert."""

    type = UtcTime(naive=True)
    inherit_cache = True


@compiles(UtcNow, "sqlite")
def _sqlite_now(element: UtcNow, compiler: SQLCompiler, **options: Any) -> str:
    del element, compiler, options
    return "CURRENT_TIMESTAMP"


@compiles(UtcNow, "postgresql")
def _postgresql_now(element: UtcNow, compiler: SQLCompiler, **options: Any) -> str:
    del element, compiler, options
    return "timezone('utc', now())"


BigId = BigInteger().with_variant(Integer(), "sqlite")  # BIGSERIAL on PostgreSQL, the row id on SQLite
Json = JSON().with_variant(JSONB(), "postgresql")
Verbatim = JSON()  # kept as written, also on PostgreSQL: what is hashed must read back the same
Exact = Text().with_variant(Text(collation="C"), "postgresql")  # sorts byte by byte, as file names do
