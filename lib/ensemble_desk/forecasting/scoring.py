"""What came of forecasts: a label specification applied to bars at given times; pure."""

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.market import labels
from ensemble_desk.market.labels import LabelSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]

UNKNOWN = -1  # in place of a class number


class Verdict(IntEnum):
    """What the bars say of a forecast's outcome."""

    PENDING = 0  # the deciding bar is not there yet
    MATURED = 1
    NO_SUCH_BAR = 2  # the bar it was made at is missing between others
    BEFORE_BARS = 3  # the bars begin later
    NO_THRESHOLD = 4  # too few bars before it to know its volatility
    OTHER_HORIZON = 5  # it was logged over a horizon that its version does not have


IN_WORDS = {
    Verdict.NO_SUCH_BAR: "the bars do not hold the bar it was made at",
    Verdict.BEFORE_BARS: "the bars begin after the bar it was made at",
    Verdict.NO_THRESHOLD: "there are too few bars before it to know its threshold",
    Verdict.OTHER_HORIZON: "its version is described with another horizon",
}


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Outcomes of n forecasts, in their order; what a verdict does not give is NaN, NaT or UNKNOWN.

    Attributes
    ----------
    verdicts : values of Verdict, shape (n,).
    labels : class numbers, shape (n,).
    moves, thresholds : log returns, shape (n,).
    prices_from, prices_to : shape (n,).
    targets : times of the deciding bars, shape (n,), microseconds UTC.
    """

    verdicts: Ints
    labels: Ints
    moves: Floats
    thresholds: Floats
    prices_from: Floats
    prices_to: Floats
    targets: Times


def score(bars: pd.DataFrame, spec: LabelSpec, as_of: Times) -> Scored:
    """Score forecasts made at ``as_of`` (shape (n,), microseconds UTC) by the bars that are there.

    The horizon counts bars present, whatever the calendar says, and no clock is asked: an outcome is due when its bar
    is there.
    """
    times = pd.DatetimeIndex(bars.index).tz_convert("UTC").tz_localize(None).as_unit("us").to_numpy()
    n_bars = len(times)
    at = np.searchsorted(times, as_of)
    held = at < n_bars
    held[held] = times[at[held]] == as_of[held]
    row = np.where(held, at, 0)
    target = row + spec.horizon_bars
    due = held & (target < n_bars)
    limit = labels.threshold(bars, spec).to_numpy(np.float64)[row]
    verdicts = np.full(len(as_of), int(Verdict.PENDING))
    verdicts[due] = np.where(np.isfinite(limit[due]), Verdict.MATURED, Verdict.NO_THRESHOLD)
    missing = ~held & (as_of < times[-1])
    verdicts[missing] = np.where(as_of[missing] < times[0], Verdict.BEFORE_BARS, Verdict.NO_SUCH_BAR)
    matured = verdicts == Verdict.MATURED
    goal = np.where(due, target, 0)
    price = bars[spec.price].to_numpy(np.float64)
    classes = labels.label(bars, spec).to_numpy(np.float64)[row]
    return Scored(
        verdicts=verdicts,
        labels=np.where(matured, np.nan_to_num(classes, nan=UNKNOWN), UNKNOWN).astype(np.int64),
        moves=np.where(matured, np.log(price[goal]) - np.log(price[row]), np.nan),
        thresholds=np.where(matured, limit, np.nan),
        prices_from=np.where(matured, price[row], np.nan),
        prices_to=np.where(matured, price[goal], np.nan),
        targets=np.where(due, times[goal], np.datetime64("NaT", "us")),
    )


def refused(scored: Scored) -> Scored:
    """Give the same forecasts as ones that nothing can score, because their horizon is not that of their version."""
    return replace(scored, verdicts=np.full(len(scored.verdicts), int(Verdict.OTHER_HORIZON)))
