"""Two forecasters on the same matured bars: what differs, by how much, and whether the rows can tell."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import extras
from ensemble_desk.evaluation import intervals
from ensemble_desk.evaluation.intervals import AccuracyEstimate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_N_EFF = 20.0
_SMALLEST = 1e-15


class Verdict(StrEnum):
    """What the rows say of the second forecaster against the first."""

    BETTER = "better"
    WORSE = "worse"
    NOT_ENOUGH_DATA = "not enough data"


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over overlapping rows with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Second forecaster against the first; differences are second minus first (log-loss: negative is better).

    Attributes
    ----------
    n, n_eff : rows compared, and how many of them count as independent (n / horizon_bars).
    flips : rows on which the two name different classes.
    dm_statistic, dm_p : Diebold-Mariano on log-loss with the small-sample correction; None when losses are equal.
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
    dm_statistic: float | None
    dm_p: float | None
    verdict: Verdict


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
    n, rows = len(y), np.arange(int(both.sum()))
    hits = [p.argmax(axis=1) == y for p in (first, second)]
    losses = [-np.log(np.maximum(p[rows, y], _SMALLEST)) for p in (first, second)]
    statistic, p_value = _diebold_mariano(losses[0], losses[1], horizon_bars=horizon_bars)
    difference = _mean(losses[1] - losses[0], horizon_bars=horizon_bars)
    return Comparison(
        n=n,
        n_eff=n / horizon_bars,
        flips=int((first.argmax(axis=1) != second.argmax(axis=1)).sum()) if n else 0,
        first_accuracy=_accuracy(hits[0], horizon_bars),
        second_accuracy=_accuracy(hits[1], horizon_bars),
        first_log_loss=_mean(losses[0], horizon_bars=horizon_bars),
        second_log_loss=_mean(losses[1], horizon_bars=horizon_bars),
        accuracy_difference=_mean(hits[1].astype(float) - hits[0].astype(float), horizon_bars=horizon_bars),
        log_loss_difference=difference,
        dm_statistic=statistic,
        dm_p=p_value,
        verdict=_verdict(difference, p_value, n_eff=n / horizon_bars),
    )


def _accuracy(hits: NDArray[np.bool_], horizon_bars: int) -> AccuracyEstimate:
    share = float(hits.mean()) if len(hits) else math.nan
    return intervals.wilson(share, len(hits), horizon_bars=horizon_bars)


def _mean(values: Floats, *, horizon_bars: int) -> Mean:
    """Mean with a t interval whose variance counts the overlap of h-bar outcomes (Newey-West, h - 1 lags)."""
    n = len(values)
    if n <= max(2, horizon_bars):
        return Mean(float(values.mean()) if n else math.nan, -math.inf, math.inf)
    with extras.needed():
        from scipy.special import stdtrit

    centred = values - values.mean()
    variance = float(centred @ centred) / n
    for lag in range(1, horizon_bars):
        variance += 2 * (1 - lag / horizon_bars) * float(centred[lag:] @ centred[:-lag]) / n
    half = float(stdtrit(max(n / horizon_bars - 1, 1.0), 0.975)) * math.sqrt(max(variance, 0.0) / (n - 1))
    mean = float(values.mean())
    return Mean(mean, mean - half, mean + half)


def _diebold_mariano(first: Floats, second: Floats, *, horizon_bars: int) -> tuple[float | None, float | None]:
    """Diebold and Mariano (1995) on given losses, corrected as Harvey, Leybourne and Newbold (1997)."""
    if len(first) <= max(2, 2 * horizon_bars) or np.allclose(first, second, rtol=0, atol=1e-12):
        return None, None
    with extras.needed():
        from statsmodels.tsa.stattools import diebold_mariano_test

    result = diebold_mariano_test(
        np.zeros(len(first)),
        second,
        first,
        criterion=lambda _, loss: loss,
        harvey_adj=True,
        horizon=horizon_bars,
    )
    return float(result.statistic), float(result.pvalue)


def _verdict(difference: Mean, p_value: float | None, *, n_eff: float) -> Verdict:
    if p_value is None or p_value >= 0.05 or n_eff < LEAST_N_EFF:  # noqa: PLR2004 - the usual 5 % level
        return Verdict.NOT_ENOUGH_DATA
    if difference.high < 0:
        return Verdict.BETTER
    return Verdict.WORSE if difference.low > 0 else Verdict.NOT_ENOUGH_DATA
