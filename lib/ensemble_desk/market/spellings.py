"""How programs and vendors call the columns of a price table."""

import re
import unicodedata
from collections.abc import Mapping

ADJUSTED, TIME, DAY, TICKER = "adj_close", "time", "day", "ticker"

OF: Mapping[str, tuple[str, ...]] = {
    TIME: (
        *("time", "datetime", "date_time", "timestamp", "ts", "date", "index_level_0", "unnamed_0"),
        *("gmt_time", "local_time", "open_time", "time_utc", "date_utc", "datetime_utc", "timestamp_utc"),
        *("ts_event", "window_start", "quote_date", "trade_date", "trading_date", "unix", "unix_time", "epoch"),
        *("unix_timestamp", "day", "dt", "t", "data", "datum", "fecha"),
    ),
    "open": ("open", "o", "open_price", "price_open", "otwarcie", "eroffn", "eroffnung", "erster"),
    "high": ("high", "h", "high_price", "price_high", "najwyzszy", "hoch", "hochst"),
    "low": ("low", "l", "low_price", "price_low", "najnizszy", "tief", "tiefst"),
    "close": (
        *("close", "c", "close_price", "price_close", "close_last", "price", "last", "last_price"),
        *("close_close_price_adjusted_for_splits", "zamkniecie", "schluss", "schlusskurs", "zuletzt"),
    ),
    "volume": ("volume", "v", "vol", "total_volume", "tickvol", "tick_volume", "wolumen", "volumen"),
    ADJUSTED: (
        *("adj_close", "adjclose", "adjusted_close", "close_adjusted", "adj_close_price", "adj_price"),
        "adj_close_adjusted_close_price_adjusted_for_splits_and_dividend_and_or_capital_gain_distributions",
    ),
    TICKER: ("ticker", "symbol", "tic", "sym", "ric", "instrument", "security", "pair", "asset", "paper", "name"),
}
"""Plain spellings of each of our fields; the first that a table has is taken."""

UNIT_OF_VOLUME = "volume_"
"""How a volume begins that names its unit, such as ``Volume BTC``."""

_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss"})  # letters that no accent can be taken from


def plain(name: object) -> str:
    """``1. Open``, ``Adj Close**`` and ``<VOL>`` become ``open``, ``adj_close`` and ``vol``."""
    unaccented = unicodedata.normalize("NFKD", str(name).translate(_LETTERS)).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", unaccented.strip().lower()).strip("_")
    return re.sub(r"^\d+_", "", words)
