"""How the models folder looked when the index was last brought in line with it, as one number for a cheap probe."""

from datetime import datetime
from typing import TYPE_CHECKING

from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.plain_sql import PlainSql

if TYPE_CHECKING:
    from sqlalchemy import Connection


def read(database: Database, place: str) -> int | None:
    found = database.ask(_READ, name=place)
    return int(found[0].value) if found else None


def keep(connection: "Connection", place: str, *, mark: int, at: datetime, settled: bool) -> None:
    """Remember a mark; one that is not settled yet is forgotten, so that the next probe looks again."""
    forget(connection, place)
    if settled:
        _KEEP.write(connection, {"name": place, "value": mark, "updated_at": at})


def forget(connection: "Connection", place: str) -> None:
    """Let the next probe look at the folder, whatever its mark."""
    _FORGET.write(connection, {"name": place})


_READ = PlainSql("SELECT value FROM sync_state WHERE name = :name")
_KEEP = PlainSql(
    "INSERT INTO sync_state (name, value, updated_at) VALUES (:name, :value, :updated_at)", times=("updated_at",)
)
_FORGET = PlainSql("DELETE FROM sync_state WHERE name = :name")
