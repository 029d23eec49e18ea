"""The newest day of every key in the table of drift: what the last check found, read in one bounded query."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from ensemble_desk.database.tables.registry_tables import drift_monitoring as table
from ensemble_desk.database.tables.registry_tables import symbols
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True)
class CheckedDay:
    """One day of one key; ``accuracy`` is None while it has no outcomes."""

    key: Key
    day: date
    accuracy: float | None
    drift_detected: bool


def read(registry: Registry) -> tuple[CheckedDay, ...]:
    """Give the newest checked day of every key, in order of keys."""
    newest = (
        select(table.c.symbol_id, table.c.timeframe, func.max(table.c.date).label("date"))
        .group_by(table.c.symbol_id, table.c.timeframe)
        .subquery()
    )
    same = (table.c.symbol_id == newest.c.symbol_id, table.c.timeframe == newest.c.timeframe)
    wanted = (
        select(symbols.c.ticker, table.c.timeframe, table.c.date, table.c.accuracy, table.c.drift_detected)
        .join_from(table, newest, (same[0]) & (same[1]) & (table.c.date == newest.c.date))
        .join(symbols, symbols.c.id == table.c.symbol_id)
        .order_by(symbols.c.ticker, table.c.timeframe)
    )
    with registry.database.reading() as connection:
        return tuple(
            CheckedDay(Key(row.ticker, row.timeframe), row.date, row.accuracy, row.drift_detected)
            for row in connection.execute(wanted)
        )
