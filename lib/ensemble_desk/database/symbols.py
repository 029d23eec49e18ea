"""Ticker symbols and their numbers."""

from sqlalchemy import Connection, Subquery, Text, bindparam, literal, select, true, union_all

from ensemble_desk.database import inserting
from ensemble_desk.database.tables.registry_tables import symbols
from ensemble_desk.market.timeframes import TIMEFRAMES

_NUMBER = select(symbols.c.id).where(symbols.c.ticker == bindparam("ticker"))


def symbol_id(connection: Connection, ticker: str) -> int:
    """Give the number of a ticker, inserting it when it is new; safe against a concurrent insert."""
    known = connection.execute(_NUMBER, {"ticker": ticker}).scalar()
    if known is None:
        connection.execute(inserting.insert_into(connection, symbols).values(ticker=ticker).on_conflict_do_nothing())
        known = connection.execute(_NUMBER, {"ticker": ticker}).scalar_one()
    return int(known)


def hold(connection: Connection, number: int) -> None:
    """Keep other programs from writing about a symbol until the transaction ends; on SQLite they wait anyhow."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(symbols.c.id).where(symbols.c.id == number).with_for_update(key_share=True))


def possible_keys() -> Subquery:
    """Every symbol with every timeframe, as rows of symbol_id, ticker and timeframe, to look up what each one has."""
    frames = union_all(*(select(literal(name, Text).label("timeframe")) for name in TIMEFRAMES)).subquery()
    pairs = select(symbols.c.id.label("symbol_id"), symbols.c.ticker, frames.c.timeframe)
    return pairs.join(frames, true()).subquery()
