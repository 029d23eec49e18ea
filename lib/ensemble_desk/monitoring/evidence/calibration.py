"""What forecasts promised against what came: promised accuracy, its gap, and reliability by confidence."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import confidence_sequences, intervals
from ensemble_desk.evaluation.confidence_sequences import Means
from ensemble_desk.evaluation.intervals import AccuracyEstimate

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOST_BINS = 5
_LEAST_N_EFF_A_BIN = 10.0


@dataclass(frozen=True, slots=True)
class Promise:
    """Accuracy that the forecasts' own confidences add up to.

    Attributes
    ----------
    promised : mean confidence of the rows, A* in 0..1.
    gap : accuracy minus promised; falling means a worse model, while accuracy and promise falling together mean a
        harder market.
    low, high : limits of the gap that may be looked at every day.
    z : how far the gap lies from 0 in standard errors that hold at every look; None when every forecast was certain.
    """

    promised: float
    gap: float
    low: float
    high: float
    z: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Promised:
    """What goes into a promise, of all forecasts so far: the sum of their confidences, and bets on the gap."""

    total: float
    is_certain: bool
    gap: Means


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts of similar confidence: what they promised on average and how many were right."""

    promised: float
    realised: AccuracyEstimate


def begin(*, horizon_bars: int) -> Promised:
    """Before the first forecast."""
    gap = confidence_sequences.begin(lowest=-1.0, highest=1.0, horizon_bars=horizon_bars)
    return Promised(0.0, is_certain=True, gap=gap)


def advance(before: Promised, confidence: Floats, correct: Flags) -> Promised:
    """Go on by the confidences of n forecasts and what came of them, shapes (n,); the same one by one or at once."""
    total = np.add.accumulate(np.concatenate([[before.total], confidence]))[-1]
    is_certain = before.is_certain and bool(np.all((confidence <= 0) | (confidence >= 1)))
    return Promised(float(total), is_certain, confidence_sequences.advance(before.gap, correct - confidence))


def so_far(found: Promised) -> Promise | None:
    """Say what the forecasts so far promised; None when there are none."""
    n = found.gap.n
    if not n:
        return None
    gap = confidence_sequences.mean_so_far(found.gap)
    z = None if found.is_certain else confidence_sequences.z_of_zero(found.gap)
    return Promise(found.total / n, gap.value, gap.low, gap.high, z)


def promise(confidence: Floats, correct: Flags, *, horizon_bars: int) -> Promise | None:
    """Set confidences (shape (n,)) against what came, in time order; None when there are none."""
    return so_far(advance(begin(horizon_bars=horizon_bars), confidence, correct))


def reliability(confidence: Floats, correct: Flags, *, horizon_bars: int) -> tuple[Bin, ...]:
    """Sort forecasts into at most five bins of equal mass by confidence; fewer when the rows are few."""
    n_bins = min(MOST_BINS, int(len(confidence) / horizon_bars / _LEAST_N_EFF_A_BIN))
    if not len(confidence):
        return ()
    parts = np.array_split(np.argsort(confidence, kind="stable"), max(n_bins, 1))
    return tuple(
        Bin(
            float(confidence[rows].mean()),
            intervals.wilson(float(correct[rows].mean()), len(rows), horizon_bars=horizon_bars),
        )
        for rows in parts
    )
