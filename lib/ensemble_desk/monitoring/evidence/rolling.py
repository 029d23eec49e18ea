"""Live accuracy, its band and its evidence after every outcome at once, for one sequence of outcomes or for many."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import e_process, intervals
from ensemble_desk.evaluation.e_process import EProcess, State
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

BANDS: tuple[Band, ...] = (Band.NOT_MEASURED, Band.OK, Band.MONITOR, Band.DRIFT, Band.EMERGENCY)
EVIDENCE: tuple[Evidence, ...] = (Evidence.INSUFFICIENT, Evidence.UNCONFIRMED, Evidence.CONFIRMED)
_DRIFT, _CONFIRMED = BANDS.index(Band.DRIFT), EVIDENCE.index(Evidence.CONFIRMED)


@dataclass(frozen=True, slots=True, eq=False)
class Rolling:
    """Accuracy of some rows after each of n outcomes; shapes (…, n), or (n,) where all sequences have the same.

    ``low`` and ``high`` are pointwise 95 % limits: they hold for a day picked beforehand, not for every day at once.
    """

    accuracy: Floats
    n: NDArray[np.int64]
    n_eff: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """A single sequence of n outcomes as far as the next ones need it.

    Attributes
    ----------
    newest : hits, as many as live accuracy is taken over, or all there are.
    right : hits of all; ``right_before`` is how many came before the outcome of a number, by those numbers at which
        the likeliest change may lie.
    process : the e-process; None where nothing is defended.
    """

    n: int
    newest: Floats
    right: int
    right_before: Mapping[int, int]
    process: State | None


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """What the policy says after each of n outcomes, shapes (…, n).

    Attributes
    ----------
    rolling : accuracy of the rows that the band is read off: those since the likeliest change while the alarm rings,
        else the newest ones.
    margin : that accuracy minus the baseline, share.
    band : positions in BANDS.
    evidence : positions in EVIDENCE, for this sequence alone: the fleet may take a confirmation back.
    e_value : of the e-process over all outcomes so far.
    since : number of the first outcome after the likeliest change.
    process : the e-process itself.
    """

    rolling: Rolling
    margin: Floats
    band: NDArray[np.int64]
    evidence: NDArray[np.int64]
    e_value: Floats
    since: NDArray[np.int64]
    process: EProcess

    @property
    def confirmed(self) -> Flags:
        """Where a fall is confirmed."""
        return np.asarray(self.evidence == _CONFIRMED)


def mean(values: Floats, *, window: int) -> Floats:
    """Mean of the newest ``window`` values at each position of the last axis; of all so far where there are fewer."""
    total = np.cumsum(values, axis=-1, dtype=np.float64)
    windowed = total.copy()
    windowed[..., window:] -= total[..., :-window]
    n = np.minimum(np.arange(1, values.shape[-1] + 1), window)
    return np.asarray(windowed / n)


def accuracy(
    correct: NDArray[np.bool_] | Floats, *, window: int, horizon_bars: int, past: Past | None = None
) -> Rolling:
    """Roll over outcomes in time order, shape (…, n); ``past`` came before them."""
    more = np.asarray(correct, dtype=np.float64)
    hits = more if past is None else np.concatenate([past.newest, more])
    share = np.clip(mean(hits, window=window), 0.0, 1.0)[..., hits.shape[-1] - more.shape[-1] :]
    n = np.minimum(_numbers(more, past), window)
    n_eff = n / horizon_bars
    low, high = intervals.wilson_limits(share, n_eff)
    return Rolling(share, n.astype(np.int64), n_eff, np.asarray(low), np.asarray(high))


def states(
    correct: NDArray[np.bool_] | Floats,
    *,
    baseline: AccuracyEstimate,
    horizon_bars: int,
    policy: Policy,
    past: Past | None = None,
) -> States:
    """Apply the policy after every outcome; the same as :mod:`.bands` says of each alone.

    With ``past`` only what came after it is given, for a single sequence.
    """
    more = np.asarray(correct, dtype=np.float64)
    line = e_process.line(baseline, falls=policy.falls)
    if past is None or past.process is None:
        found = e_process.run(np.atleast_2d(more), line, horizon_bars=horizon_bars)
    else:
        found = e_process.advance(past.process, np.atleast_2d(more), line)
    e_value, since = found.values.reshape(more.shape), found.since.reshape(more.shape)
    rings = e_value >= policy.alarm_e_value
    newest = accuracy(more, window=policy.window(horizon_bars), horizon_bars=horizon_bars, past=past)
    read = _since_the_change(more, newest, np.where(rings, since, -1), h=horizon_bars, policy=policy, past=past)
    margin = read.accuracy - baseline.value
    enough = _numbers(more, past) / horizon_bars >= policy.least_n_eff
    return States(
        rolling=read,
        margin=margin,
        band=_bands(read, margin, policy),
        evidence=np.where(enough, 1 + rings.astype(np.int64), 0),
        e_value=e_value,
        since=since,
        process=found,
    )


def outside(newest: Rolling, *, baseline: AccuracyEstimate, policy: Policy) -> Flags:
    """Where the guide's rule would alarm: the newest outcomes in DRIFT or worse, whatever the evidence."""
    return np.asarray(_bands(newest, newest.accuracy - baseline.value, policy) >= _DRIFT)


def _since_the_change(
    more: Floats, newest: Rolling, since: NDArray[np.int64], *, h: int, policy: Policy, past: Past | None
) -> Rolling:
    """Accuracy since the change where there is one (since >= 0), at least of as many rows as say anything."""
    so_far = _numbers(more, past)
    n = np.where(since >= 0, np.maximum(so_far - since, np.minimum(policy.least_predictions, so_far)), newest.n)
    hits = more if past is None else np.concatenate([past.newest, more])
    begins = so_far - n - (0 if past is None else past.n - len(past.newest))  # first row read, as a place in ``hits``
    total = np.concatenate([np.zeros((*hits.shape[:-1], 1)), np.cumsum(hits, axis=-1)], axis=-1)
    before = np.take_along_axis(total, np.broadcast_to(np.maximum(begins, 0), more.shape), axis=-1)
    if past is not None:
        for row in np.flatnonzero(begins < 0):
            before[row] = past.right_before[int(so_far[row] - n[row])] - (past.right - past.newest.sum())
    fallen = (total[..., -more.shape[-1] :] - before) / n if more.shape[-1] else newest.accuracy
    share = np.where(since >= 0, np.clip(fallen, 0.0, 1.0), newest.accuracy)
    low, high = intervals.wilson_limits(share, n / h)
    return Rolling(share, n.astype(np.int64), n / h, np.asarray(low), np.asarray(high))


def _numbers(more: Floats, past: Past | None) -> NDArray[np.int64]:
    """How many outcomes there are with each of those given, shape (n,)."""
    return (0 if past is None else past.n) + np.arange(1, more.shape[-1] + 1)


def _bands(found: Rolling, margin: Floats, policy: Policy) -> NDArray[np.int64]:
    points = np.rint(margin * 100)
    borders = (policy.monitor_points, policy.drift_points, policy.emergency_points)
    band = 1 + sum((points <= -border).astype(np.int64) for border in borders)
    return np.where(found.n < policy.least_predictions, 0, band)
