"""What forecasters without any skill would have scored on the same matured rows."""

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import intervals
from ensemble_desk.evaluation.intervals import AccuracyEstimate

Ints = NDArray[np.int64]
Times = NDArray[np.datetime64]


def majority(y: Ints, *, horizon_bars: int) -> AccuracyEstimate | None:
    """Always the class that came most often among these rows, which is known only afterwards: hard to beat."""
    return most(np.bincount(y, minlength=3), horizon_bars=horizon_bars)


def most(came: Ints, *, horizon_bars: int) -> AccuracyEstimate | None:
    """Give the same from how often each class came, shape (3,)."""
    n = int(came.sum())
    return intervals.wilson(float(came.max() / n), n, horizon_bars=horizon_bars) if n else None


def persistence(y: Ints, *, as_of: Times, target: Times, horizon_bars: int) -> AccuracyEstimate | None:
    """Each time the newest outcome that was known at the bar, shapes (n,) in order of time.

    Rows before the first known outcome are left out; None when that are all.
    """
    order = np.argsort(target, kind="stable")
    newest = np.searchsorted(target[order], as_of, side="right") - 1
    known = newest >= 0
    if not known.any():
        return None
    hits = y[order][newest[known]] == y[known]
    return intervals.wilson(float(hits.mean()), int(known.sum()), horizon_bars=horizon_bars)
