"""How the models folder looked when the index was last brought in line with it, as one number for a cheap probe."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from lib.database.tables import sync_state as table


def read(connection: Connection, folder: Path) -> int | None:
    found = connection.execute(select(table.c.value).where(table.c.name == str(folder))).scalar()
    return None if found is None else int(found)


def keep(connection: Connection, folder: Path, *, mark: int, at: datetime, settled: bool) -> None:
    """Remember a mark; one that is not settled yet is forgotten, so that the next probe looks again."""
    forget(connection, folder)
    if settled:
        connection.execute(insert(table).values(name=str(folder), value=mark, updated_at=at))


def forget(connection: Connection, folder: Path) -> None:
    """Let the next probe look at the folder, whatever its mark."""
    connection.execute(delete(table).where(table.c.name == str(folder)))
