"""How sure a mean or an accuracy is when it is looked at once; for daily looks see confidence_sequences."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import extras

Floats = NDArray[np.float64] | np.float64

_LEAST = 8  # values below which a spectrum tells nothing
_LEVEL = 1e-12  # a standard error of rounding errors


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


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its interval."""

    value: float
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


def at_one_look(values: NDArray[np.float64], *, horizon_bars: int) -> tuple[Mean, float | None]:
    """Mean with its 95 % interval and the p-value of a mean of 0, for values that overlap over the horizon.

    The long-run variance is the mean of the m lowest ordinates of the periodogram, and the statistic has Student's t
    distribution with 2m degrees of freedom, m = min(sqrt(n), n / 5h): Coroneo and Iacone, "Comparing predictive
    accuracy in small samples using fixed-smoothing asymptotics" (Journal of Applied Econometrics 35(4), 2020). An
    interval without limits and no p-value where n is below 4 horizons or all values are one.
    """
    n = len(values)
    if n < 4 * horizon_bars or n < _LEAST:
        return Mean(float(values.mean()) if n else math.nan, -math.inf, math.inf), None
    with extras.needed():
        from scipy.special import stdtr, stdtrit

    value = float(values.mean())
    m = max(1, min(round(math.sqrt(n)), n // (5 * horizon_bars)))
    ordinates = np.abs(np.fft.rfft(values - value)[1 : m + 1]) ** 2 / n
    error = math.sqrt(float(ordinates.mean()) / n)
    if error < _LEVEL:
        return Mean(value, value, value), None
    half = float(stdtrit(2 * m, 0.975)) * error
    return Mean(value, value - half, value + half), 2 * float(stdtr(2 * m, -abs(value) / error))


def share_at_one_look(correct: NDArray[np.bool_], *, horizon_bars: int) -> AccuracyEstimate:
    """Share of hits with the interval that suits one look: Wilson's where outcomes do not overlap, else as above.

    Where all hits are one, or there are few, Wilson's on n / horizon_bars is kept.
    """
    value = float(np.mean(correct)) if len(correct) else math.nan
    told = wilson(value, len(correct), horizon_bars=horizon_bars)
    if horizon_bars == 1 or not len(correct):
        return told
    found, p_value = at_one_look(np.asarray(correct, dtype=np.float64), horizon_bars=horizon_bars)
    if p_value is None:
        return told
    return AccuracyEstimate(value, told.n, told.n_eff, max(0.0, found.low), min(1.0, found.high))
