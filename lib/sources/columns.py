"""Recognising which columns of a table are the time, the prices and the volume, and reading their numbers."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from lib.market import bars
from lib.sources.tables import Table

ADJUSTED = "adj_close"
TIME = "time"
DAY = "day"

_NAMES: Mapping[str, tuple[str, ...]] = {
    TIME: ("time", "datetime", "date_time", "timestamp", "ts", "date", "index_level_0", "unnamed_0"),
    "open": ("open", "o", "open_price", "price_open"),
    "high": ("high", "h", "high_price", "price_high"),
    "low": ("low", "l", "low_price", "price_low"),
    "close": ("close", "c", "close_price", "price_close", "close_last"),
    "volume": ("volume", "v", "vol"),
    ADJUSTED: ("adj_close", "adjclose", "adjusted_close", "close_adjusted", "adj_close_price"),
}
_BLANK = ("", "nan", "na", "n/a", "null", "none", "-")


def recognise(table: Table) -> dict[str, str]:
    """Give the table's own name of each column that is one of ours; the first of our spellings wins.

    When a ``date`` and a ``time`` column stand side by side, the date is given as `DAY` and the clock as `TIME`.
    """
    own: dict[str, str] = {}
    for name in table.frame.columns:
        own.setdefault(_plain(name), name)
    found = {}
    for ours, spellings in _NAMES.items():
        if match := next((own[spelling] for spelling in spellings if spelling in own), None):
            found[ours] = match
    if "date" in own and found[TIME] == own.get("time"):
        found[DAY] = own["date"]
    return found


def time_column(table: Table, found: Mapping[str, str]) -> pd.Series:
    """The column of times, a date and a clock in two columns put together."""
    column = table.frame[found[TIME]]
    if DAY not in found:
        return column
    return table.frame[found[DAY]].astype("str").str.strip() + " " + column.astype("str").str.strip()


def numbers(column: pd.Series, *, decimal_comma: bool) -> tuple[pd.Series, pd.Series]:
    """Read a column as floats, and tell which cells hold a text that is no number; blank cells become NaN."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype(np.float64), pd.Series(data=False, index=column.index)
    text = column.astype("str").str.strip()
    plain = text.str.replace(",", ".", regex=False) if decimal_comma else text
    values = pd.to_numeric(plain, errors="coerce").astype(np.float64)
    return values, values.isna() & ~text.str.lower().isin(_BLANK)


def prices(table: Table, found: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The numbers of the recognised columns, and which cells hold a text that is no number; both shape (n, 5 or 6)."""
    wanted = [name for name in (*bars.COLUMNS, ADJUSTED) if name in found]
    read = {name: numbers(table.frame[found[name]], decimal_comma=table.decimal_comma) for name in wanted}
    return (
        pd.DataFrame({name: values for name, (values, _) in read.items()}),
        pd.DataFrame({name: wrong for name, (_, wrong) in read.items()}),
    )


def _plain(name: object) -> str:
    """``1. Open`` and ``Adj Close**`` become ``open`` and ``adj_close``."""
    words = re.sub(r"[^a-z0-9]+", "_", str(name).strip().lower()).strip("_")
    return re.sub(r"^\d+_", "", words)
