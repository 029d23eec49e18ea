"""Live accuracy, its band and its evidence after every outcome at once, for one sequence of outcomes or for many."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import e_process, intervals
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.monitoring.bands import Band, Evidence, Policy

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BANDS: tuple[Band, ...] = (Band.NOT_MEASURED, Band.OK, Band.MONITOR, Band.DRIFT, Band.EMERGENCY)
EVIDENCE: tuple[Evidence, ...] = (Evidence.INSUFFICIENT, Evidence.UNCONFIRMED, Evidence.CONFIRMED)
_DRIFT, _CONFIRMED = BANDS.index(Band.DRIFT), EVIDENCE.index(Evidence.CONFIRMED)


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """Accuracy of the newest outcomes after each of n outcomes, shapes (…, n); ``n`` and ``n_eff`` have shape (n,)."""

    accuracy: Floats
    n: NDArray[np.int64]
    n_eff: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """What the policy says after each of n outcomes, shapes (…, n).

    Attributes
    ----------
    margin : rolling accuracy minus baseline, share.
    band : positions in BANDS.
    evidence : positions in EVIDENCE.
    e_value : of the e-process over all outcomes so far.
    """

    rolling: Rolling
    margin: Floats
    band: NDArray[np.int64]
    evidence: NDArray[np.int64]
    e_value: Floats

    @property
    def out_of_band(self) -> Flags:
        """Where the guide's rule would alarm: DRIFT or worse, whatever the evidence."""
        return np.asarray(self.band >= _DRIFT)

    @property
    def confirmed(self) -> Flags:
        """Where drift is confirmed: DRIFT or worse, with the evidence for it."""
        return np.asarray(self.out_of_band & (self.evidence == _CONFIRMED))


def mean(values: Floats, *, window: int) -> Floats:
    """Mean of the newest ``window`` values at each position of the last axis; of all so far where there are fewer."""
    total = np.cumsum(values, axis=-1, dtype=np.float64)
    windowed = total.copy()
    windowed[..., window:] -= total[..., :-window]
    n = np.minimum(np.arange(1, values.shape[-1] + 1), window)
    return np.asarray(windowed / n)


def accuracy(correct: NDArray[np.bool_] | Floats, *, window: int, horizon_bars: int) -> Rolling:
    """Roll over outcomes in time order, shape (…, n)."""
    hits = np.asarray(correct, dtype=np.float64)
    share = np.clip(mean(hits, window=window), 0.0, 1.0)
    n = np.minimum(np.arange(1, hits.shape[-1] + 1), window)
    n_eff = n / horizon_bars
    low, high = intervals.wilson_limits(share, n_eff)
    return Rolling(share, n.astype(np.int64), n_eff, np.asarray(low), np.asarray(high))


def states(
    correct: NDArray[np.bool_] | Floats, *, baseline: AccuracyEstimate, horizon_bars: int, policy: Policy
) -> States:
    """Apply the policy after every outcome; the same as :mod:`ensemble_desk.monitoring.bands` says of each alone."""
    hits = np.atleast_2d(np.asarray(correct, dtype=np.float64))
    shape = np.shape(correct)
    found = accuracy(correct, window=policy.window(horizon_bars), horizon_bars=horizon_bars)
    e_value = e_process.paths(hits, null=baseline.low, horizon_bars=horizon_bars).reshape(shape)
    margin = found.accuracy - baseline.value
    return States(
        rolling=found,
        margin=margin,
        band=_bands(found, margin, policy),
        evidence=_evidence(found, margin, baseline, e_value, policy),
        e_value=e_value,
    )


def _bands(found: Rolling, margin: Floats, policy: Policy) -> NDArray[np.int64]:
    points = np.rint(margin * 100)
    borders = (policy.monitor_points, policy.drift_points, policy.emergency_points)
    band = 1 + sum((points <= -border).astype(np.int64) for border in borders)
    return np.where(found.n < policy.least_predictions, 0, band)


def _evidence(
    found: Rolling, margin: Floats, baseline: AccuracyEstimate, e_value: Floats, policy: Policy
) -> NDArray[np.int64]:
    upper = margin + np.hypot(found.high - found.accuracy, baseline.value - baseline.low)
    proven = (upper < 0) & (e_value >= policy.alarm_e_value) & (baseline.n > 0)
    return np.where(found.n_eff < policy.least_n_eff, 0, 1 + proven.astype(np.int64))
