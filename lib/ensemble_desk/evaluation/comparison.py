"""Two forecasters on the same matured bars: what differs, by how much, and whether the rows can tell."""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import confidence_sequences, intervals, metrics
from ensemble_desk.evaluation.intervals import AccuracyEstimate, Mean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_N_EFF = 20.0
LEAST_PROBABILITY = (
    0.02  # that a comparison takes a forecast at, so that one bar cannot decide it and losses are bounded
)
WORTH_HAVING = 0.005  # difference in log-loss, nats
_MOST = -math.log(LEAST_PROBABILITY)


class Verdict(StrEnum):
    """What the rows say of the second forecaster against the first."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SETTLED = "not settled"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Second forecaster against the first; differences are second minus first (losses: negative is better).

    Attributes
    ----------
    n, n_eff : rows compared, and how many of them count as independent (n / horizon_bars).
    flips : rows on which the two name different classes.
    accuracy_difference, log_loss_difference, rps_difference : with intervals that hold at one look.
    dm_p : of Diebold and Mariano's test on log-loss with fixed-smoothing critical values; None when losses are equal.
    verdict : of that test, for one look.
    daily, daily_verdict : the log-loss difference with an interval that may be looked at every day, and what it says.
    bars_to_settle : rows that would tell a difference of WORTH_HAVING from none (power 80 %).
    """

    n: int
    n_eff: float
    flips: int
    first_accuracy: AccuracyEstimate
    second_accuracy: AccuracyEstimate
    first_log_loss: Mean
    second_log_loss: Mean
    accuracy_difference: Mean
    log_loss_difference: Mean
    rps_difference: Mean
    dm_p: float | None
    verdict: Verdict
    daily: Mean
    daily_verdict: Verdict
    bars_to_settle: int | None


def compare(first: Floats, second: Floats, y: Ints, *, horizon_bars: int) -> Comparison:
    """Compare two sets of probabilities on the same outcomes.

    Parameters
    ----------
    first, second : shape (n, 3); rows that are NaN in either are left out.
    y : shape (n,), what happened.
    horizon_bars : bars from forecast to outcome; rows closer than that overlap.
    """
    both = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    first, second, y = first[both], second[both], y[both]
    n = len(y)
    hits = [np.asarray(p.argmax(axis=1) == y) if n else np.zeros(0, np.bool_) for p in (first, second)]
    told = [losses(p, y) for p in (first, second)]
    apart, at_once = told[1] - told[0], partial(intervals.at_one_look, horizon_bars=horizon_bars)
    difference, p_value = at_once(apart)
    settled = p_value is not None and n / horizon_bars >= LEAST_N_EFF
    daily = _daily(apart, horizon_bars=horizon_bars)
    return Comparison(
        n=n,
        n_eff=n / horizon_bars,
        flips=int((first.argmax(axis=1) != second.argmax(axis=1)).sum()) if n else 0,
        first_accuracy=intervals.share_at_one_look(hits[0], horizon_bars=horizon_bars),
        second_accuracy=intervals.share_at_one_look(hits[1], horizon_bars=horizon_bars),
        first_log_loss=at_once(told[0])[0],
        second_log_loss=at_once(told[1])[0],
        accuracy_difference=at_once(hits[1].astype(float) - hits[0].astype(float))[0],
        log_loss_difference=difference,
        rps_difference=at_once(metrics.rps_of(second, y) - metrics.rps_of(first, y))[0],
        dm_p=p_value,
        verdict=said(difference) if settled else Verdict.NOT_SETTLED,
        daily=daily,
        daily_verdict=said(daily),
        bars_to_settle=_to_settle(apart, horizon_bars=horizon_bars),
    )


def losses(p: Floats, y: Ints) -> Floats:
    """Log-loss of each row, shape (n,), of probabilities that are taken at LEAST_PROBABILITY at least, shape (n, 3)."""
    return np.asarray(-np.log(np.maximum(p[np.arange(len(y)), y], LEAST_PROBABILITY)))


def _daily(differences: Floats, *, horizon_bars: int) -> Mean:
    return confidence_sequences.mean(differences, lowest=-_MOST, highest=_MOST, horizon_bars=horizon_bars)


def _to_settle(differences: Floats, *, horizon_bars: int) -> int | None:
    """Bars until one look tells a difference of WORTH_HAVING from none in four of five cases."""
    found, p_value = intervals.at_one_look(differences, horizon_bars=horizon_bars)
    if p_value is None:
        return None
    normal = NormalDist()
    error = (found.high - found.low) / 2 / normal.inv_cdf(0.975)
    reach = (normal.inv_cdf(0.975) + normal.inv_cdf(0.8)) * error / WORTH_HAVING
    return math.ceil(len(differences) * reach**2)


def said(difference: Mean) -> Verdict:
    """Put an interval of a loss difference in one word."""
    if difference.high < 0:
        return Verdict.BETTER
    return Verdict.WORSE if difference.low > 0 else Verdict.NOT_SETTLED
