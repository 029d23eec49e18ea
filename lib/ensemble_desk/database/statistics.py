"""What the query planner knows about a growing table; without it SQLite guesses, and walks the wrong index."""

from sqlalchemy import Connection, Table

_LEAST_ROWS = 64


def refresh(connection: Connection, table: Table, *, n_rows: int) -> None:
    """Look at the table again each time it has doubled; PostgreSQL does so by itself."""
    doubled = n_rows >= _LEAST_ROWS and n_rows & (n_rows - 1) == 0
    if doubled and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"ANALYZE {table.name}")
