"""Ticker symbols and their numbers."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from lib.database.tables import symbols


def symbol_id(connection: Connection, ticker: str) -> int:
    """Give the number of a ticker, inserting it when it is new; safe against a concurrent insert."""
    wanted = select(symbols.c.id).where(symbols.c.ticker == ticker)
    known = connection.execute(wanted).scalar()
    if known is None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(insert(symbols).values(ticker=ticker).on_conflict_do_nothing())
        known = connection.execute(wanted).scalar_one()
    return int(known)
