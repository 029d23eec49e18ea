"""The database's own check of itself: pages, indexes and references between tables."""

from sqlalchemy import Connection, exc

_MOST = 20


def problems(connection: Connection) -> list[str]:
    """Say what SQLite finds wrong; PostgreSQL checks its pages whenever it reads them."""
    if connection.dialect.name != "sqlite":
        return []
    try:
        told = connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST})").scalars().all()
        found = [str(line) for line in told if line != "ok"]
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    except exc.DatabaseError as error:  # too damaged to be looked through
        return [str(error.orig)]
    counted: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in rows:
        counted[table, parent] = counted.get((table, parent), 0) + 1
    return found + [f"{n} row(s) of {table} name a gone row of {parent}" for (table, parent), n in counted.items()]
