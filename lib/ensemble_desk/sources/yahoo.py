"""Bars from Yahoo through yfinance: finished bars only, adjusted, kept for some minutes, asked for more than once."""

import logging
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import pandas as pd

from ensemble_desk.errors import SourceError, extras
from ensemble_desk.market import adjustment, timeframes
from ensemble_desk.market import bars as bar_contract
from ensemble_desk.market.bars import COLUMNS, Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.resampling import upward as resample
from ensemble_desk.sources import phrases

logger = logging.getLogger(__name__)

Download = Callable[[str, str], pd.DataFrame]
"""Gives the whole history of a Yahoo symbol at an interval, in yfinance's shape, unadjusted."""

_NAME: Literal["yahoo"] = "yahoo"
_SYMBOLS = ("AAPL", "GOOG", "IBM", "META", "MSFT", "^GSPC", "^IXIC")
_OFFERED = ("h1", "d1", "w1")
_ASKED = {
    **{name: (name, f"{name[1:]}m") for name in ("m1", "m5", "m15", "m30")},
    **dict.fromkeys(("h1", "h2", "h4", "h8", "h12"), ("h1", "1h")),
    **dict.fromkeys(("d1", "w1", "mn1"), ("d1", "1d")),
    "m10": ("m5", "5m"),
}
_TIMEOUT_SECONDS = 15.0
_ATTEMPTS = 3
_KEPT_FOR = timedelta(minutes=5)
_MOST_KEPT = 64
_OFFLINE = "Check the network, or work offline with DESK_BARS_SOURCE=sample or database."


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    frame: pd.DataFrame
    at: datetime


class YahooSource:
    """Any symbol in Yahoo's spelling (``BRK-B``, ``^GSPC``; ``BTC/USD`` is asked for as ``BTC-USD``).

    Parameters
    ----------
    symbols : what is offered for choice; bars of any other may be asked for.
    download, clock, pause : the network, the time and the waiting between attempts.
    """

    name: str = _NAME

    def __init__(
        self,
        symbols: Sequence[str] = _SYMBOLS,
        *,
        download: Download | None = None,
        clock: Callable[[], datetime] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._symbols = tuple(symbols)
        self._download = download or _from_yahoo
        self._clock = clock or _utc_now
        self._pause = pause
        self._kept: dict[Key, _Kept] = {}
        self._lock = threading.Lock()

    def symbols(self) -> tuple[str, ...]:
        return self._symbols

    def keys(self) -> tuple[Key, ...]:
        return tuple(Key(symbol, timeframe) for symbol in self._symbols for timeframe in _OFFERED)

    def bars(
        self, key: Key, *, last: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Bars:
        """The finished bars of a key in a time; Yahoo is asked for all of them, and they are kept for some minutes.

        Raises
        ------
        SourceError
            When Yahoo cannot be reached, limits us, or has no bars of the key, or none in that time.
        """
        whole = self._whole(key)
        found = whole.cut(last=last, since=since, until=until)
        if not len(found):
            known = f" {phrases.outside(whole)}" if len(whole) else ""
            raise SourceError(self.name, f"there are no finished bars of {key} in that time.{known}")
        return found

    def count(self, key: Key, *, since: datetime | None = None) -> int:
        whole = self._whole(key)
        return len(whole if since is None else whole.later(since))

    def _whole(self, key: Key) -> Bars:
        base, _ = _ASKED[key.timeframe]
        frame = self._base(Key(key.symbol, base))
        if base != key.timeframe:
            frame = resample.upward(frame, timeframe_from=base, timeframe_to=key.timeframe)
        return Bars(key, frame.copy(deep=False), _NAME, adjusted=True)

    def digest(self, key: Key, *, until: datetime | None = None) -> str:
        return self._whole(key).cut(last=None, since=None, until=until).digest()

    def describe(self, key: Key) -> str:
        return f"Yahoo, to {phrases.moment(self.bars(key).last)}"

    def _base(self, key: Key) -> pd.DataFrame:
        with self._lock:  # two pages that ask at once download once
            kept, now = self._kept.get(key), self._clock()
            if kept is None or now - kept.at > _KEPT_FOR:
                kept = _Kept(_finished(_understood(self._asked(key), key), key, now), now)
                self._kept.pop(key, None)
                self._kept[key] = kept
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
            return kept.frame

    def _asked(self, key: Key) -> pd.DataFrame:
        """Ask up to three times, waiting longer each time; what cannot get better is not asked again."""
        symbol = key.symbol.replace("/", "-")
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                frame = self._download(symbol, _ASKED[key.timeframe][1])
            except _TemporaryError as error:
                if attempt == _ATTEMPTS:
                    raise SourceError(self.name, str(error)) from error
                logger.info("Yahoo, attempt %s of %s: %s", attempt, _ATTEMPTS, error)
                self._pause(2.0**attempt)
            else:
                if frame.empty:
                    raise SourceError(self.name, f"there are no bars of {key}. {_SPELLING}")
                return frame
        raise AssertionError  # the last attempt returned or raised


class _TemporaryError(Exception):
    """What may be over at the next attempt; its text is what to tell when it is not."""


_SPELLING = "Check the symbol: Yahoo writes BRK-B, ^GSPC, EURUSD=X and BTC-USD."


def _from_yahoo(symbol: str, interval: str) -> pd.DataFrame:
    with extras.needed():
        import yfinance  # type: ignore[import-untyped]  # ships no types
        from yfinance.exceptions import YFException, YFRateLimitError  # type: ignore[import-untyped]  # the same
    yfinance.config.debug.hide_exceptions = False  # it would log failures and give an empty table
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it uses what pandas will drop one day
            history: pd.DataFrame = yfinance.Ticker(symbol).history(
                period="max", interval=interval, auto_adjust=False, actions=False, timeout=_TIMEOUT_SECONDS
            )
            return history
    except YFRateLimitError as error:
        message = "Yahoo limits how often it is asked. Wait some minutes, then retry."
        raise _TemporaryError(message) from error
    except YFException as error:
        raise SourceError(_NAME, f"{error} {_SPELLING}") from error
    except OSError as error:  # every failure of the network, with curl and with requests
        message = f"Yahoo cannot be reached. {_OFFLINE}"
        raise _TemporaryError(message) from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        message = f"Yahoo answered in an unknown way. Retry later. {_OFFLINE}"
        raise _TemporaryError(message) from error


def _understood(raw: pd.DataFrame, key: Key) -> pd.DataFrame:
    """Adjusted bars that pass the check, from a frame in yfinance's shape."""
    frame = raw.rename(columns=lambda name: str(name).lower().replace(" ", "_"))
    index = pd.DatetimeIndex(frame.index)
    if _ASKED[key.timeframe][1] == "1d":
        utc = index.tz_localize(None).normalize().tz_localize("UTC")
    else:
        utc = index.tz_convert("UTC")
    frame, _ = adjustment.repair_rounding(frame.set_index(utc.rename("time")).astype("float64"))
    broken = bar_contract.wrong_values(frame[list(COLUMNS)].to_numpy()) | ~(frame["adj_close"] > 0).to_numpy()
    if broken.any():
        logger.warning("Yahoo, %s: %s bars without true prices left out", key, int(broken.sum()))
    whole, _ = adjustment.repair_rounding(adjustment.adjust(frame[~broken]))
    if whole.empty:
        raise SourceError(_NAME, f"there are no bars of {key} with true prices. {_SPELLING}")
    return bar_contract.check(whole, subject=f"{key} from Yahoo")


def _finished(frame: pd.DataFrame, key: Key, now: datetime) -> pd.DataFrame:
    """Without the bar that is still being made."""
    ends = pd.DatetimeIndex(frame.index) + timeframes.get(key.timeframe).span
    return frame[ends <= pd.Timestamp(now)]


def _utc_now() -> datetime:
    return datetime.now(UTC)
