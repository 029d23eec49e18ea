"""Rows of the table of bars as frames: those asked for and no others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, Select, bindparam, func, select, type_coerce

from ensemble_desk.database import moments
from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.columns import UtcTime
from ensemble_desk.database.tables.registry_tables import ohlc_bars, ohlc_restatements, symbols
from ensemble_desk.market.bars import COLUMNS
from ensemble_desk.market.keys import Key

VALUES = (*COLUMNS, "adjusted")
_TIME = ohlc_bars.c.time


def stored(connection: Connection, number: int, timeframe: str, *, first: datetime, until: datetime) -> pd.DataFrame:
    """Read the bars of a symbol's number between two times, both included.

    Gives shape (n, 6): five numbers and whether the bar is adjusted, oldest first.
    """
    query = _wanted(is_sqlite=connection.dialect.name == "sqlite").where(
        ohlc_bars.c.symbol_id == number, ohlc_bars.c.timeframe == timeframe, first <= _TIME, until >= _TIME
    )
    frame, adjusted = _frame(connection.execute(query.order_by(_TIME)).all())
    return frame.assign(adjusted=adjusted)


def newest(database: Database, key: Key, *, last: int) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Read the newest bars of a key, shape (n, 5), oldest first, and which are adjusted, shape (n,)."""
    question = _NEWEST_OF_SERVER if database.is_postgresql else _NEWEST
    rows = database.ask(question, symbol=key.symbol, timeframe=key.timeframe, most=last)
    return _frame(rows[::-1])


def between(
    database: Database, key: Key, *, last: int | None, since: datetime | None, until: datetime | None
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Read the bars of a key later than ``since`` up to ``until``, of these the ``last`` ones, as :func:`newest`."""
    query = (
        _wanted(is_sqlite=not database.is_postgresql)
        .join(symbols, symbols.c.id == ohlc_bars.c.symbol_id)
        .where(symbols.c.ticker == key.symbol, ohlc_bars.c.timeframe == key.timeframe)
    )
    query = query if since is None else query.where(since < _TIME)
    query = query if until is None else query.where(until >= _TIME)
    with database.reading() as connection:
        if last is None:
            return _frame(connection.execute(query.order_by(_TIME)).all())
        return _frame(connection.execute(query.order_by(_TIME.desc()).limit(last)).all()[::-1])


def newest_time(database: Database, key: Key) -> datetime | None:
    """Time of the newest bar of a key, None when there is none; by one indexed read."""
    found = database.ask(_NEWEST_TIME, symbol=key.symbol, timeframe=key.timeframe)
    return found[0].time if found else None


def count(database: Database, key: Key, *, since: datetime | None) -> int:
    """How many bars of a key there are later than a time; None: all of them."""
    first = since or datetime(1, 1, 1, tzinfo=UTC)
    return int(database.ask(_COUNT, symbol=key.symbol, timeframe=key.timeframe, since=first)[0].n)


def n_restated(database: Database, key: Key) -> int:
    """How often a bar of a key has changed what it says."""
    table = ohlc_restatements
    query = (
        select(func.count())
        .select_from(table.join(symbols, symbols.c.id == table.c.symbol_id))
        .where(symbols.c.ticker == key.symbol, table.c.timeframe == key.timeframe)
    )
    with database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _wanted(*, is_sqlite: bool) -> Select[Any]:
    numbers = (ohlc_bars.c[name] for name in COLUMNS)
    adjusted = type_coerce(ohlc_bars.c.adjusted, Integer).label("adjusted")
    return select(moments.moment(_TIME, is_sqlite=is_sqlite).label("at"), *numbers, adjusted)


def _of_key(*, is_sqlite: bool) -> CompiledSelect:
    query = _wanted(is_sqlite=is_sqlite).join(symbols, symbols.c.id == ohlc_bars.c.symbol_id)
    of_key = query.where(symbols.c.ticker == bindparam("symbol"), ohlc_bars.c.timeframe == bindparam("timeframe"))
    return CompiledSelect(of_key.order_by(_TIME.desc()).limit(bindparam("most", type_=Integer)))


_NEWEST_TIME = CompiledSelect(
    select(_TIME)
    .join(symbols, symbols.c.id == ohlc_bars.c.symbol_id)
    .where(symbols.c.ticker == bindparam("symbol"), ohlc_bars.c.timeframe == bindparam("timeframe"))
    .order_by(_TIME.desc())
    .limit(1)
)
_COUNT = CompiledSelect(
    select(func.count().label("n"))
    .select_from(ohlc_bars.join(symbols, symbols.c.id == ohlc_bars.c.symbol_id))
    .where(
        symbols.c.ticker == bindparam("symbol"),
        ohlc_bars.c.timeframe == bindparam("timeframe"),
        bindparam("since", type_=UtcTime()) < _TIME,
    )
)
_NEWEST, _NEWEST_OF_SERVER = _of_key(is_sqlite=True), _of_key(is_sqlite=False)


def _frame(rows: Sequence[Any]) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    times, *numbers = zip(*rows, strict=True) if rows else ((),) * (1 + len(VALUES))
    index = pd.DatetimeIndex(moments.array(times), tz="UTC", name="time")
    prices = np.array(numbers[: len(COLUMNS)], np.float64).reshape(len(COLUMNS), len(rows)).T
    return pd.DataFrame(prices, index, list(COLUMNS)), np.array(numbers[-1], np.bool_)
