"""Bars that come with installed packages: five stocks (bokeh) and two indices (arch), daily and weekly."""

import functools
import importlib.util
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from ensemble_desk.errors import MissingExtraError, SourceError, extras
from ensemble_desk.market import adjustment, bars
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.resampling import upward as resample
from ensemble_desk.sources import phrases

_NAME = "sample"
_INDEX_PACKAGE = "arch"
_STOCKS = ("AAPL", "GOOG", "IBM", "MSFT", "FB")
_INDICES = {"^GSPC": "sp500", "^IXIC": "nasdaq"}
_TIMEFRAMES = ("d1", "w1")


@dataclass(slots=True)
class SampleSource:
    """Real prices of 1999-2018, adjusted for splits and dividends; each key is read once a process."""

    name: str = _NAME

    def symbols(self) -> tuple[str, ...]:
        return (*_STOCKS, *_INDICES)

    def keys(self) -> tuple[Key, ...]:
        return tuple(Key(symbol, timeframe) for symbol in self.symbols() for timeframe in _TIMEFRAMES)

    def bars(
        self, key: Key, *, last: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Bars:
        """The bars of a key in a time; the frame is the caller's own (copied on write).

        Raises
        ------
        SourceError
            When the sample has no bars of the key, or none in that time.
        """
        whole = _whole(key)
        found = whole.cut(last=last, since=since, until=until)
        if not len(found):
            raise SourceError(self.name, phrases.outside(whole))
        return Bars(key, found.frame.copy(deep=False), found.source, found.adjusted)

    def count(self, key: Key, *, since: datetime | None = None) -> int:
        if key not in self.keys():
            return 0
        whole = _whole(key)
        return len(whole if since is None else whole.later(since))

    def digest(self, key: Key, *, until: datetime | None = None) -> str:
        if key not in self.keys():
            return ""
        return _whole(key).cut(last=None, since=None, until=until).digest()

    def describe(self, key: Key) -> str:
        return f"bundled sample, to {_whole(key).last:%Y-%m-%d}"


@functools.cache
def _whole(key: Key) -> Bars:
    if key not in SampleSource().keys():  # noqa: SIM118 - no dict
        known = ", ".join(SampleSource().symbols())
        raise SourceError(_NAME, f"there is no {key}. It has {known} on {' and '.join(_TIMEFRAMES)}.")
    if key.timeframe == "w1":
        daily = _whole(Key(key.symbol, "d1")).frame
        weekly = resample.upward(daily, timeframe_from="d1", timeframe_to="w1")
        return Bars(key, weekly, "sample", adjusted=True)
    raw = _index(key.symbol) if key.symbol in _INDICES else _stock(key.symbol)
    whole, _ = adjustment.repair_rounding(adjustment.adjust(raw))
    return Bars(key, bars.check(whole, subject=f"The bundled sample of {key}"), "sample", adjusted=True)


def _stock(symbol: str) -> pd.DataFrame:
    with extras.needed():
        from bokeh_sampledata import stocks
    raw = pd.DataFrame(getattr(stocks, symbol))
    return raw.set_index(pd.to_datetime(raw.pop("date"), format="%Y-%m-%d", utc=True))


def _index(symbol: str) -> pd.DataFrame:
    name = _INDICES[symbol]
    package = importlib.util.find_spec(_INDEX_PACKAGE)  # found, not imported: arch takes a second to import
    if package is None or not package.submodule_search_locations:
        raise MissingExtraError(_INDEX_PACKAGE, extra="demo")
    raw = pd.read_csv(Path(package.submodule_search_locations[0]) / "data" / name / f"{name}.csv.gz")
    raw.columns = [column.lower().replace(" ", "_") for column in raw.columns]
    return raw.set_index(pd.to_datetime(raw.pop("date"), format="%m/%d/%Y", utc=True))
