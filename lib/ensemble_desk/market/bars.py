"""The bar contract: a UTC index of bar times and five float columns, checked once where prices come in."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import InvalidBarsError, TooFewBarsError
from ensemble_desk.market.keys import Key

COLUMNS: tuple[str, ...] = ("open", "high", "low", "close", "volume")
PRICES: tuple[str, ...] = COLUMNS[:4]
MOST_PROBLEMS = 10
_SPAN = 1 << 15
_NUMBERS = "iuf"  # kinds of dtype: integers, unsigned ones and floats; no truth values, no complex numbers
LEAST_PRICE, MOST = 1e-12, 1e18  # beyond these, products and ratios of prices leave what floats can hold

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Source = Literal["sample", "upload", "database", "yahoo"]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The bars of one key, oldest first.

    Attributes
    ----------
    key : whose bars these are.
    frame : shape (n, 5), has passed `check`. A bar carries the time it opens (daily bars: 00:00 UTC of the session's
        date); a weekly bar carries the date of its last session, so that it is never older than what it holds.
    source : where they come from.
    adjusted : whether prices were adjusted for splits and dividends.
    """

    key: Key
    frame: pd.DataFrame
    source: Source
    adjusted: bool

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def first(self) -> datetime:
        return self._time(0)

    @property
    def last(self) -> datetime:
        return self._time(-1)

    def until(self, as_of: datetime) -> "Bars":
        """Keep the bars with time <= ``as_of`` (an aware datetime); none may be left."""
        n_bars = int(self.frame.index.searchsorted(pd.Timestamp(as_of), side="right"))
        return Bars(self.key, self.frame.iloc[:n_bars], self.source, self.adjusted)

    def later(self, since: datetime) -> "Bars":
        """Keep the bars with time > ``since`` (an aware datetime); none may be left."""
        first = int(self.frame.index.searchsorted(pd.Timestamp(since), side="right"))
        return Bars(self.key, self.frame.iloc[first:], self.source, self.adjusted)

    def cut(self, *, last: int | None, since: datetime | None, until: datetime | None) -> "Bars":
        """Keep the bars later than ``since`` up to ``until``, of these the ``last`` ones; None keeps all."""
        found = self if until is None else self.until(until)
        found = found if since is None else found.later(since)
        return found if last is None else found.tail(last)

    def digest(self) -> str:
        """What differs as soon as one number or time does."""
        return digest(self.frame)

    def tail(self, n_bars: int) -> "Bars":
        return Bars(self.key, self.frame.tail(n_bars), self.source, self.adjusted)

    def _time(self, position: int) -> datetime:
        if self.frame.empty:
            raise TooFewBarsError(str(self.key), have=0, need=1, purpose="a first and a last bar")
        return pd.Timestamp(self.frame.index[position]).to_pydatetime()


def digest(frame: pd.DataFrame) -> str:
    """What differs as soon as one number or time of bars does."""
    told = hashlib.blake2b(pd.DatetimeIndex(frame.index).as_unit("us").asi8.tobytes(), digest_size=16)
    told.update(np.ascontiguousarray(frame.to_numpy(np.float64)).tobytes())
    return told.hexdigest()


def check(frame: pd.DataFrame, *, subject: str = "bars") -> pd.DataFrame:
    """Give the frame as the contract wants it: index ``time`` in UTC, the five columns in order, float64.

    Other columns are left out, other time zones converted. Nothing is repaired.

    Raises
    ------
    InvalidBarsError
        When a column is missing or not numeric, the index is no aware DatetimeIndex in strictly ascending order, a
        value is NaN or infinite, a price is not positive, a volume is negative, or high and low do not enclose the bar.
    """
    if _is_in_form(frame):
        values = frame.to_numpy()
        if not (wrong_order(pd.DatetimeIndex(frame.index)).any() or wrong_values(values).any()):
            return frame.copy(deep=False)  # copied on write
    shape = _shape_problems(frame)
    if shape:
        raise InvalidBarsError(subject, shape)
    index = pd.DatetimeIndex(frame.index).tz_convert("UTC").as_unit("us").rename("time")
    values = frame[list(COLUMNS)].to_numpy(np.float64, na_value=np.nan)
    checked = pd.DataFrame(values, index=index, columns=list(COLUMNS))
    if runs_backwards(index):
        raise InvalidBarsError(subject, ["the bars run from newest to oldest; sort them oldest first"])
    wrong = wrong_order(index) | wrong_values(values)
    if wrong.any():
        problems = listed(wrong, lambda row: f"{_shown_time(index[row])}: {_complaint(index, values, row)}")
        raise InvalidBarsError(subject, problems)
    return checked


def numbers(frame: pd.DataFrame, names: Sequence[str] = COLUMNS) -> Floats:
    """Give columns of floats as an array, shape (n, k); one of the frame's own where they are its first ones."""
    if frame.columns.tolist()[: len(names)] == list(names):
        return frame.to_numpy(np.float64)[:, : len(names)]
    return frame[list(names)].to_numpy(np.float64)


def runs_backwards(index: pd.DatetimeIndex) -> bool:
    """Whether every bar is earlier than the one before it."""
    return len(index) > 1 and index.is_monotonic_decreasing and index.is_unique


def wrong_order(index: pd.DatetimeIndex) -> Flags:
    """Which bars are not later than the one before them, shape (n,)."""
    return np.concatenate((np.zeros(min(len(index), 1), np.bool_), np.diff(index.asi8) <= 0))


def order_complaint(index: pd.DatetimeIndex, row: int) -> str:
    return "its time occurs more than once" if index[row] == index[row - 1] else "it comes after a later bar"


def wrong_values(values: Floats) -> Flags:
    """Which rows of open, high, low, close and volume, shape (n, 5), cannot be a bar; shape (n,)."""
    wrong = np.empty(len(values), np.bool_)
    for rows in spans(len(values)):
        open_, high, low, close, volumes = values[rows].T
        top, bottom = np.maximum(open_, close), np.minimum(open_, close)
        encloses = (high >= top) & (low <= bottom)  # never where one is no number
        within = (low >= LEAST_PRICE) & (high <= MOST) & (volumes >= 0) & (volumes <= MOST)
        np.logical_not(encloses & within, out=wrong[rows])
    return wrong


def spans(n_rows: int) -> Iterator[slice]:
    """So many rows in parts that stay in the cache of a core while several things are asked of them."""
    return (slice(start, start + _SPAN) for start in range(0, n_rows, _SPAN))


def value_complaint(values: Floats) -> str:
    """What is wrong with one bar, given its five numbers; empty when nothing is."""
    said = []
    for name, value in zip(COLUMNS, values.tolist(), strict=True):
        if not np.isfinite(value):
            said.append(f"{name} is {'missing' if np.isnan(value) else value}")
        elif value > MOST:
            said.append(f"{name} {value:.6g} is too large to be true")
        elif name in PRICES and value < LEAST_PRICE:
            said.append(f"{name} {value:.6g} is not positive")
        elif value < 0:
            said.append(f"{name} {value:.6g} is negative")
    open_, high, low, close, _ = values.tolist()
    if not said and high < low:
        said.append(f"high {high:.6g} is below low {low:.6g}")
    elif not said:
        said += [f"high {high:.6g} is below open or close"] if high < max(open_, close) else []
        said += [f"low {low:.6g} is above open or close"] if low > min(open_, close) else []
    return ", ".join(said)


def listed(wrong: Flags, sentence: Callable[[int], str]) -> tuple[str, ...]:
    """A sentence for each of the first ten wrong rows, then how many more there are."""
    rows = np.flatnonzero(wrong).tolist()
    rest = len(rows) - MOST_PROBLEMS
    return (*map(sentence, rows[:MOST_PROBLEMS]), *((f"and {rest} more",) if rest > 0 else ()))


def _complaint(index: pd.DatetimeIndex, values: Floats, row: int) -> str:
    order = [order_complaint(index, row)] if wrong_order(index)[row] else []
    return ", ".join([*order, *filter(None, [value_complaint(values[row])])])


def _is_in_form(frame: pd.DataFrame) -> bool:
    """Whether a frame has the contract's index and columns already, as on the path of every forecast."""
    index = frame.index
    return (
        len(frame) > 0
        and isinstance(index, pd.DatetimeIndex)
        and (index.name, index.unit, str(index.tz)) == ("time", "us", "UTC")
        and frame.columns.tolist() == list(COLUMNS)
        and set(frame.dtypes.tolist()) == {np.dtype(np.float64)}
        and not index.hasnans
    )


def _shape_problems(frame: pd.DataFrame) -> list[str]:
    problems = []
    names = list(frame.columns)
    if missing := [name for name in COLUMNS if name not in names]:
        problems.append(f"column {', '.join(missing)} is missing")
    if doubled := [name for name in COLUMNS if names.count(name) > 1]:
        problems.append(f"column {', '.join(doubled)} occurs more than once")
    if not problems:
        problems += [f"column {name} holds no numbers" for name in COLUMNS if frame[name].dtype.kind not in _NUMBERS]
    if not isinstance(frame.index, pd.DatetimeIndex):
        problems.append("the index holds no times")
    elif frame.index.tz is None:
        problems.append("the times have no time zone (use UTC)")
    elif frame.index.hasnans:
        problems.append("the index holds missing times")
    if frame.empty and not problems:
        problems.append("there are no bars")
    return problems


def _shown_time(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d}" if time == time.normalize() else f"{time:%Y-%m-%d %H:%M}"
