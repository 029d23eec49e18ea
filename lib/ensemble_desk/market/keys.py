"""What identifies a line of versions: a ticker symbol and a timeframe."""

import re
from dataclasses import dataclass

from ensemble_desk.errors import InvalidSymbolError
from ensemble_desk.market import timeframes

_SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9.^=/_&+-]{0,31}")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A (symbol, timeframe) pair, written ``AAPL/d1``; symbols are upper case, timeframes take any spelling.

    Raises
    ------
    InvalidSymbolError
        When the symbol is empty, too long, or could be taken for a path.
    InvalidTimeframeError
        When the timeframe is none of those in :data:`ensemble_desk.market.timeframes.TIMEFRAMES`.
    """

    symbol: str
    timeframe: str

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        if self.timeframe not in timeframes.TIMEFRAMES:
            object.__setattr__(self, "timeframe", timeframes.get(self.timeframe).name)

    def __str__(self) -> str:
        return f"{self.symbol}/{self.timeframe}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read ``AAPL/d1``, ``BTC/USD/d1`` or the guide's ``AAPL_d1``; letters of the symbol may be lower case."""
        for separator in "/_":
            symbol, _, timeframe = text.strip().rpartition(separator)
            if timeframes.named(timeframe):
                return cls(symbol.upper(), timeframe)
        symbol, slash, timeframe = text.strip().rpartition("/")
        return cls(symbol.upper(), timeframe) if slash else cls(text.strip().upper(), "")


def check_symbol(symbol: str) -> None:
    """Refuse what is no ticker symbol, above all what could be a path out of the models folder."""
    if not symbol:
        raise InvalidSymbolError(symbol, "it is empty")
    if ".." in symbol or "//" in symbol or symbol.endswith("/"):
        raise InvalidSymbolError(symbol, "it looks like a path")
    if not _SYMBOL.fullmatch(symbol):
        raise InvalidSymbolError(symbol, "only A-Z, 0-9 and . ^ = / _ & + - may stand in it, 32 characters at most")
