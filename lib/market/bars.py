"""The bar contract: a UTC index of bar times and five float columns, checked once where prices come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionDtype

from lib.errors import InvalidBarsError, TooFewBarsError
from lib.market.keys import Key

COLUMNS: tuple[str, ...] = ("open", "high", "low", "close", "volume")
PRICES: tuple[str, ...] = COLUMNS[:4]
MOST_PROBLEMS = 10
LEAST_PRICE, MOST = 1e-12, 1e18  # beyond these, products and ratios of prices leave what floats can hold

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

    def tail(self, n_bars: int) -> "Bars":
        return Bars(self.key, self.frame.tail(n_bars), self.source, self.adjusted)

    def _time(self, position: int) -> datetime:
        if self.frame.empty:
            raise TooFewBarsError(str(self.key), have=0, need=1, purpose="a first and a last bar")
        return pd.Timestamp(self.frame.index[position]).to_pydatetime()


def check(frame: pd.DataFrame, *, subject: str = "bars") -> pd.DataFrame:
    """Give the frame as the contract wants it: index ``time`` in UTC, the five columns in order, float64.

    Other columns are left out, other time zones converted. Nothing is repaired.

    Raises
    ------
    InvalidBarsError
        When a column is missing or not numeric, the index is no aware DatetimeIndex in strictly ascending order, a
        value is NaN or infinite, a price is not positive, a volume is negative, or high and low do not enclose the bar.
    """
    shape = _shape_problems(frame)
    if shape:
        raise InvalidBarsError(subject, shape)
    index = pd.DatetimeIndex(frame.index).tz_convert("UTC").as_unit("us").rename("time")
    checked = pd.DataFrame(frame[list(COLUMNS)].to_numpy(np.float64), index=index, columns=list(COLUMNS))
    if len(index) > 1 and index.is_unique and index.is_monotonic_decreasing:
        raise InvalidBarsError(subject, ["the bars run from newest to oldest; sort them oldest first"])
    found = [*order_problems(index), *value_problems(checked)]
    problems = [f"{_shown_time(index[row])}: {said}" for row, said in found]
    if problems:
        raise InvalidBarsError(subject, shortened(problems))
    return checked


def value_problems(frame: pd.DataFrame) -> list[tuple[int, str]]:
    """Position and complaint of each bar whose numbers cannot be prices."""
    values = frame[list(COLUMNS)].to_numpy(np.float64)
    finite = np.isfinite(values)
    too_low = np.column_stack((values[:, :4] < LEAST_PRICE, values[:, 4:] < 0)) & finite
    too_high = (values > MOST) & finite
    open_, high, low, close, _ = values.T
    whole = (finite & ~too_low).all(axis=1)
    inverted = whole & (high < low)
    high_inside = whole & ~inverted & (high < np.maximum(open_, close))
    low_inside = whole & ~inverted & (low > np.minimum(open_, close))
    wrong = ~whole | (too_low | too_high).any(axis=1) | inverted | high_inside | low_inside
    found: list[tuple[int, str]] = []
    for row in np.flatnonzero(wrong).tolist():
        said = [f"{name} is {_shown(values[row, i])}" for i, name in enumerate(COLUMNS) if not finite[row, i]]
        said += [f"{COLUMNS[i]} {_shown(values[row, i])} is not positive" for i in np.flatnonzero(too_low[row, :4])]
        said += [f"volume {_shown(values[row, 4])} is negative"] if too_low[row, 4] else []
        said += [
            f"{COLUMNS[i]} {_shown(values[row, i])} is too large to be true" for i in np.flatnonzero(too_high[row])
        ]
        said += [f"high {_shown(high[row])} is below low {_shown(low[row])}"] if inverted[row] else []
        said += [f"high {_shown(high[row])} is below open or close"] if high_inside[row] else []
        said += [f"low {_shown(low[row])} is above open or close"] if low_inside[row] else []
        found.append((row, ", ".join(said)))
    return found


def order_problems(index: pd.DatetimeIndex) -> list[tuple[int, str]]:
    """Position and complaint of each bar that is not later than the one before it."""
    steps: NDArray[np.int64] = np.diff(index.asi8)
    said = {True: "this time occurs more than once", False: "it comes after a later bar"}
    return [(i + 1, said[bool(steps[i] == 0)]) for i in np.flatnonzero(steps <= 0).tolist()]


def shortened(problems: Sequence[str]) -> tuple[str, ...]:
    """At most ten problems, then how many more there are."""
    rest = len(problems) - MOST_PROBLEMS
    return (*problems[:MOST_PROBLEMS], *((f"and {rest} more",) if rest > 0 else ()))


def _shape_problems(frame: pd.DataFrame) -> list[str]:
    problems = []
    names = list(frame.columns)
    if missing := [name for name in COLUMNS if name not in names]:
        problems.append(f"column {', '.join(missing)} is missing")
    if doubled := [name for name in COLUMNS if names.count(name) > 1]:
        problems.append(f"column {', '.join(doubled)} occurs more than once")
    if not problems:
        problems += [f"column {name} holds no numbers" for name in COLUMNS if not _is_number(frame[name].dtype)]
    if not isinstance(frame.index, pd.DatetimeIndex):
        problems.append("the index holds no times")
    elif frame.index.tz is None:
        problems.append("the times have no time zone (use UTC)")
    elif frame.index.hasnans:
        problems.append("the index holds missing times")
    if frame.empty and not problems:
        problems.append("there are no bars")
    return problems


def _is_number(kind: np.dtype | ExtensionDtype) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)


def _shown_time(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d}" if time == time.normalize() else f"{time:%Y-%m-%d %H:%M}"


def _shown(value: float) -> str:
    return "missing" if np.isnan(value) else f"{value:.6g}"
