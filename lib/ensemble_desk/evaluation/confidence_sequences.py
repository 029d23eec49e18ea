"""Intervals that stay true when looked at every day: confidence sequences by betting, per phase of the horizon.

For each value that the truth might have somebody bets against it, at odds that are fair if it is the truth. The
interval holds all values whose bets have not grown to 20; the truth is ever left out in at most one case in 20.
Sources: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (JRSS B 86(1), 2024), for
means; Robbins, "Statistical methods related to the law of the iterated logarithm" (Annals of Mathematical Statistics
41, 1970), for shares, whose bets have a closed form; Henzi and Ziegel (Biometrika 109(4), 2022), for outcomes that
overlap.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import extras
from ensemble_desk.evaluation.intervals import AccuracyEstimate, Mean

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Capital = Callable[[Floats], Floats]

CONFIDENCE = 0.95
_STRENGTH = 20.0  # outcomes that a bettor's first opinion of a share is worth
_FIRST_VARIANCE = 0.01  # of a value on the scale 0..1, before any is known
_MOST_LOST = 0.9  # share of the wealth that one wrong bet may cost
_ROUNDS, _POINTS = 4, 8  # of narrowing a limit down; 8 ** -4 of the range
_MOST_LOG_WEALTH = 500.0


@dataclass(frozen=True, slots=True)
class _Bets:
    """Values of one phase on the scale 0..1 and what is staked on each before it is known; the last stake is next."""

    values: Floats
    stakes: Floats


def share(correct: Bools, *, horizon_bars: int, confidence: float = CONFIDENCE) -> AccuracyEstimate:
    """Give the share of hits so far with a confidence sequence; row number modulo the horizon is the phase.

    The bettor against a share m believes in a share near m, as firmly as 20 outcomes would make him, and learns from
    each outcome; his wealth is that of Robbins' mixture. A phase whose next outcome is under way counts with the
    worst that it could bring.
    """
    n = len(correct)
    if not n:
        return AccuracyEstimate(math.nan, 0, 0.0, 0.0, 1.0)
    value = float(np.mean(correct))
    known = np.array([[len(correct[phase::horizon_bars])] for phase in range(horizon_bars)], dtype=np.float64)
    right = np.array([[np.count_nonzero(correct[phase::horizon_bars])] for phase in range(horizon_bars)], np.float64)
    under_way = np.arange(horizon_bars)[:, None] != (n - 1) % horizon_bars

    def capital(m: Floats) -> Floats:
        return np.asarray(_share_wealth(m, known, right, under_way).mean(axis=0))

    low, high = _limits(capital, value, confidence=confidence)
    return AccuracyEstimate(value, n, n / horizon_bars, low, high)


def mean(values: Floats, *, lowest: float, highest: float, horizon_bars: int, confidence: float = CONFIDENCE) -> Mean:
    """Give the mean of bounded values so far with a confidence sequence.

    Parameters
    ----------
    values : shape (n,), in time order, each within lowest..highest, which must lie on either side of 0.
    """
    if not len(values):
        return Mean(math.nan, lowest, highest)
    width, value = highest - lowest, float(np.mean(values))
    phases = _phases(values, lowest=lowest, highest=highest, horizon_bars=horizon_bars)
    newest = (len(values) - 1) % horizon_bars

    def capital(m: Floats) -> Floats:
        return _hedged(phases, m, newest=newest)

    low, high = _limits(capital, (value - lowest) / width, confidence=confidence)
    return Mean(value, lowest + width * low, lowest + width * high)


def z_of_zero(values: Floats, *, lowest: float, highest: float, horizon_bars: int) -> float | None:
    """Tell how far the mean lies from 0 in standard errors that hold at every look.

    Beyond 2 on some day in at most one case in 20 whose mean is 0: the standard normal value whose two-sided tail is
    one over the wealth of the bets against 0. None without values.
    """
    if not len(values):
        return None
    phases = _phases(values, lowest=lowest, highest=highest, horizon_bars=horizon_bars)
    zero = np.array([-lowest / (highest - lowest)])
    wealth = float(_hedged(phases, zero, newest=(len(values) - 1) % horizon_bars)[0])
    tail = min(1.0, 1.0 / max(wealth, 1e-300)) / 2
    if tail >= 0.5:  # noqa: PLR2004 - one half for each side: nothing speaks against 0
        return 0.0
    return math.copysign(NormalDist().inv_cdf(1 - max(tail, 1e-15)), float(np.mean(values)))


def _share_wealth(m: Floats, n: Floats, hits: Floats, under_way: Bools) -> Floats:
    """Wealth of each phase, one a row, against each share ``m``, one a column."""
    with extras.needed():
        from scipy.special import betaln

    wins, losses = _STRENGTH * m, _STRENGTH * (1 - m)
    log = betaln(wins + hits, losses + n - hits) - betaln(wins, losses) - hits * np.log(m) - (n - hits) * np.log1p(-m)
    wealth = np.exp(np.minimum(log, _MOST_LOG_WEALTH))
    believed = (wins + hits) / (_STRENGTH + n)
    return np.asarray(np.where(under_way, wealth * np.minimum(believed / m, (1 - believed) / (1 - m)), wealth))


def _phases(values: Floats, *, lowest: float, highest: float, horizon_bars: int) -> list[_Bets]:
    scaled = np.clip((np.asarray(values, dtype=np.float64) - lowest) / (highest - lowest), 0.0, 1.0)
    zero = -lowest / (highest - lowest)
    return [_bets(scaled[phase::horizon_bars], zero) for phase in range(horizon_bars)]


def _bets(values: Floats, first: float) -> _Bets:
    """Stakes that are settled before each value is known: from the spread of those before it."""
    t = np.arange(1, len(values) + 2, dtype=np.float64)
    means = (first + np.concatenate([[0.0], np.cumsum(values)])) / t
    spread = _FIRST_VARIANCE + np.concatenate([[0.0], np.cumsum((values - means[1:]) ** 2)])
    stakes = np.sqrt(2 * math.log(2 / (1 - CONFIDENCE)) / (spread * np.log1p(t)))
    return _Bets(values, stakes)


def _hedged(phases: list[_Bets], m: Floats, *, newest: int) -> Floats:
    """Wealth of one who bets half on more and half on less than m, averaged over the phases."""
    total = np.zeros(len(m))
    for phase, bets in enumerate(phases):
        for sign, most in ((1.0, _MOST_LOST / m), (-1.0, _MOST_LOST / (1 - m))):
            staked = np.minimum(bets.stakes[:, None], most[None, :])
            log = np.log1p(sign * staked[:-1] * (bets.values[:, None] - m[None, :])).sum(axis=0)
            wealth = np.exp(np.minimum(log, _MOST_LOG_WEALTH))
            if phase != newest:
                wealth *= 1.0 - staked[-1] * (m if sign > 0 else 1 - m)
            total += wealth / 2
    return total / len(phases)


def _limits(capital: Capital, value: float, *, confidence: float) -> tuple[float, float]:
    """Find where the wealth passes 1 / (1 - confidence), below and above the value; all on the scale 0..1."""
    least = 8.0**-_ROUNDS
    inside = min(max(value, least), 1 - least)
    limit = 1 / (1 - confidence)
    return min(_edge(capital, inside, least, limit), value), max(_edge(capital, inside, 1 - least, limit), value)


def _edge(capital: Capital, inside: float, outside: float, limit: float) -> float:
    if float(capital(np.array([outside]))[0]) < limit:
        return round(outside)  # nothing speaks against it: the end of the range
    for _ in range(_ROUNDS):
        points = np.linspace(inside, outside, _POINTS + 1)
        beyond = int(np.argmax(capital(points[1:]) >= limit)) + 1
        inside, outside = points[beyond - 1], points[beyond]
    return float(outside)
