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
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import extras
from ensemble_desk.evaluation.intervals import AccuracyEstimate, Mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Capital = Callable[[Floats], Floats]

CONFIDENCE = 0.95
_STRENGTH = 20.0  # outcomes that a bettor's first opinion of a share is worth
_FIRST_VARIANCE = 0.01  # of a value on the scale 0..1, before any is known
_MOST_LOST = 0.9  # share of the wealth that one wrong bet may cost
_ROUNDS, _POINTS = 4, 8  # of narrowing a limit down; 8 ** -4 of the range
_MOST_LOG_WEALTH = 500.0
_FINEST, _COARSER = 1 / 256, 0.15  # spacing of the grid at 0, and beyond as a share of the distance from it
_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Bets against each mean of a grid after n values: all that the next value needs.

    Attributes
    ----------
    lowest, highest : what each value lies within, on either side of 0.
    total : of the values.
    totals, squares : by phase, of the values on the scale 0..1 and of their squared distances from the mean that was
        known with each; shape (horizon_bars,).
    logs : logarithm of the wealth by phase, of who bets on more and of who bets on less, at each point of the grid;
        shape (horizon_bars, 2, n_points).
    """

    lowest: float
    highest: float
    n: int
    total: float
    totals: Floats
    squares: Floats
    logs: Floats


def share(correct: Bools, *, horizon_bars: int, confidence: float = CONFIDENCE) -> AccuracyEstimate:
    """Give the share of hits so far with a confidence sequence; row number modulo the horizon is the phase.

    The bettor against a share m believes in a share near m, as firmly as 20 outcomes would make him, and learns from
    each outcome; his wealth is that of Robbins' mixture. A phase whose next outcome is under way counts with the
    worst that it could bring.
    """
    right = [np.count_nonzero(correct[phase::horizon_bars]) for phase in range(horizon_bars)]
    return share_so_far(np.array(right), n=len(correct), confidence=confidence)


def share_so_far(right: Ints, *, n: int, confidence: float = CONFIDENCE) -> AccuracyEstimate:
    """Give the same from the number of hits in each phase, shape (horizon_bars,)."""
    if not n:
        return AccuracyEstimate(math.nan, 0, 0.0, 0.0, 1.0)
    horizon_bars = len(right)
    value = int(right.sum()) / n
    known = np.array([[_n_known(n, phase, horizon_bars)] for phase in range(horizon_bars)], dtype=np.float64)
    under_way = np.arange(horizon_bars)[:, None] != (n - 1) % horizon_bars

    def capital(m: Floats) -> Floats:
        return np.asarray(_share_wealth(m, known, right[:, None].astype(np.float64), under_way).mean(axis=0))

    low, high = _limits(capital, value, confidence=confidence)
    return AccuracyEstimate(value, n, n / horizon_bars, low, high)


def mean(values: Floats, *, lowest: float, highest: float, horizon_bars: int, confidence: float = CONFIDENCE) -> Mean:
    """Give the mean of bounded values so far with a confidence sequence.

    Parameters
    ----------
    values : shape (n,), in time order, each within lowest..highest, which must lie on either side of 0.
    """
    begun = begin(lowest=lowest, highest=highest, horizon_bars=horizon_bars)
    return mean_so_far(advance(begun, values), confidence=confidence)


def begin(*, lowest: float, highest: float, horizon_bars: int) -> Means:
    """Before the first value."""
    points, _ = _grid(-lowest / (highest - lowest))
    nothing = np.zeros(horizon_bars)
    return Means(lowest, highest, 0, 0.0, nothing, nothing, np.zeros((horizon_bars, 2, len(points))))


def advance(before: Means, values: Floats) -> Means:
    """Go on by n values, shape (n,); the same to the last bit in one go, one by one or from a stored state."""
    lowest, horizon_bars = before.lowest, len(before.totals)
    zero = -lowest / (before.highest - lowest)
    points, most = _grid(zero)
    scaled = np.clip((np.asarray(values, dtype=np.float64) - lowest) / (before.highest - lowest), 0.0, 1.0)
    totals, squares, logs = before.totals.copy(), before.squares.copy(), before.logs.copy()
    for phase in range(horizon_bars):
        mine = scaled[(phase - before.n) % horizon_bars :: horizon_bars]
        t = _n_known(before.n, phase, horizon_bars) + 1 + np.arange(len(mine) + 1)
        total = _accumulated(totals[phase], mine)
        square = _accumulated(squares[phase], (mine - (zero + total[1:]) / t[1:]) ** 2)
        stakes = _stakes(square, t)
        for start in range(0, len(mine), _AT_ONCE):
            some = slice(start, min(start + _AT_ONCE, len(mine)))
            apart, staked = mine[some, None] - points, stakes[some, None]
            for side, sign in enumerate((1.0, -1.0)):
                gains = np.log1p(sign * np.minimum(staked, most[side]) * apart)
                logs[phase, side] = np.add.accumulate(np.concatenate([logs[phase, side][None], gains]), axis=0)[-1]
        totals[phase], squares[phase] = total[-1], square[-1]
    total_of_all = float(_accumulated(before.total, np.asarray(values, dtype=np.float64))[-1])
    return Means(lowest, before.highest, before.n + len(scaled), total_of_all, totals, squares, logs)


def mean_so_far(means: Means, *, confidence: float = CONFIDENCE) -> Mean:
    """Give the mean of the values so far with its confidence sequence."""
    if not means.n:
        return Mean(math.nan, means.lowest, means.highest)
    width, value = means.highest - means.lowest, means.total / means.n

    def capital(m: Floats) -> Floats:
        return _hedged(means, m)

    low, high = _limits(capital, (value - means.lowest) / width, confidence=confidence)
    return Mean(value, means.lowest + width * low, means.lowest + width * high)


def z_of_zero(means: Means) -> float | None:
    """Tell how far the mean lies from 0 in standard errors that hold at every look.

    Beyond 2 on some day in at most one case in 20 whose mean is 0: the standard normal value whose two-sided tail is
    one over the wealth of the bets against 0. None without values.
    """
    if not means.n:
        return None
    zero = np.array([-means.lowest / (means.highest - means.lowest)])
    wealth = float(_hedged(means, zero)[0])
    tail = min(1.0, 1.0 / max(wealth, 1e-300)) / 2
    if tail >= 0.5:  # noqa: PLR2004 - one half for each side: nothing speaks against 0
        return 0.0
    return math.copysign(NormalDist().inv_cdf(1 - max(tail, 1e-15)), means.total / means.n)


def _share_wealth(m: Floats, n: Floats, hits: Floats, under_way: Bools) -> Floats:
    """Wealth of each phase, one a row, against each share ``m``, one a column."""
    with extras.needed():
        from scipy.special import betaln

    wins, losses = _STRENGTH * m, _STRENGTH * (1 - m)
    log = betaln(wins + hits, losses + n - hits) - betaln(wins, losses) - hits * np.log(m) - (n - hits) * np.log1p(-m)
    wealth = np.exp(np.minimum(log, _MOST_LOG_WEALTH))
    believed = (wins + hits) / (_STRENGTH + n)
    return np.asarray(np.where(under_way, wealth * np.minimum(believed / m, (1 - believed) / (1 - m)), wealth))


@cache
def _grid(zero: float) -> tuple[Floats, tuple[Floats, Floats]]:
    """Means on the scale 0..1 that are bet against, finest at ``zero``, and the most that is staked on either side."""
    steps = [_FINEST]
    while steps[-1] < 1:
        steps.append(steps[-1] + max(_FINEST, _COARSER * steps[-1]))
    points = np.unique(np.concatenate([[0.0, zero, 1.0], zero + np.array(steps), zero - np.array(steps)]))
    points = points[(points >= 0) & (points <= 1)]
    with np.errstate(divide="ignore"):
        return points, (_MOST_LOST / points, _MOST_LOST / (1 - points))


def _stakes(squares: Floats, t: Ints) -> Floats:
    """Stakes that are settled before the t-th value is known: from the spread of those before it."""
    spread = _FIRST_VARIANCE + squares
    return np.asarray(np.sqrt(2 * math.log(2 / (1 - CONFIDENCE)) / (spread * np.log1p(t))))


def _hedged(means: Means, m: Floats) -> Floats:
    """Wealth of one who bets half on more and half on less than m, averaged over the phases.

    Between two points of the grid the logarithm is drawn straight. It is concave but for the few bets that the most
    one may stake has cut, so that the wealth is hardly ever told too large and an interval not too narrow.
    """
    total, horizon_bars = np.zeros(len(m)), len(means.totals)
    points, _ = _grid(-means.lowest / (means.highest - means.lowest))
    for phase in range(horizon_bars):
        t = np.array([_n_known(means.n, phase, horizon_bars) + 1])
        stake = _stakes(means.squares[phase : phase + 1], t)[0]
        for side, worst in enumerate((m, 1 - m)):
            log = np.interp(m, points, means.logs[phase, side])
            wealth = np.exp(np.minimum(log, _MOST_LOG_WEALTH))
            if phase != (means.n - 1) % horizon_bars:
                wealth *= 1.0 - np.minimum(stake, _MOST_LOST / worst) * worst
            total += wealth / 2
    return total / horizon_bars


def _n_known(n: int, phase: int, horizon_bars: int) -> int:
    """How many of n outcomes belong to a phase."""
    return (n - phase + horizon_bars - 1) // horizon_bars


def _accumulated(first: float, values: Floats) -> Floats:
    """Add up from left to right, from what there was before; shape (n + 1,)."""
    return np.add.accumulate(np.concatenate([[first], values]))


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
