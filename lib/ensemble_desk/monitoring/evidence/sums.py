"""What the outcomes of one version come to, as sums: all that its verdict and the next outcome need."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import skill
from ensemble_desk.evaluation.e_process import State
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.evaluation.skill import Scores
from ensemble_desk.forecasting import matured
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.market.usual_rates import Rates
from ensemble_desk.monitoring.evidence import calibration, rolling
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.evidence.calibration import Promised
from ensemble_desk.monitoring.evidence.rolling import Past, States

SPARKLINE_POINTS = 60

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Before:
    """What came before one outcome: hits, and how often each class; ``as_of`` is the bar of its forecast."""

    right: int
    came: tuple[int, ...]
    as_of: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the policy says after the newest outcome.

    Attributes
    ----------
    process : the e-process after it.
    before : by the number of the outcome, where the likeliest change may lie.
    read : number of the first outcome that the band is read off, up to the newest, and what came before it.
    band, evidence, e_value, margin : as :class:`.rolling.States` has them.
    alarm_at : deciding bar of the outcome with which the alarm first rang.
    sparkline : newest rolling accuracies, oldest first, from the least number of outcomes that says anything.
    """

    process: State
    before: Mapping[int, Before]
    read: tuple[int, Before]
    band: int
    evidence: int
    e_value: float
    margin: float
    alarm_at: datetime | None
    sparkline: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """n outcomes of one version, oldest first.

    Attributes
    ----------
    right : hits by phase of the horizon, shape (horizon_bars,).
    came, named : how often each class came, and was the most probable one; shape (3,).
    as_of, correct, y : of the newest outcomes, as many as live accuracy is taken over.
    target : deciding bar of the newest one.
    scores : None where the usual rates are not known; ``judged`` None where no accuracy was validated.
    """

    n: int
    right: Ints
    came: Ints
    named: Ints
    as_of: NDArray[np.datetime64]
    correct: NDArray[np.bool_]
    y: Ints
    target: NDArray[np.datetime64]
    promised: Promised
    scores: Scores | None
    judged: Judged | None

    @property
    def horizon_bars(self) -> int:
        return len(self.right)

    @property
    def past(self) -> Past:
        """The same as what rolls on needs it."""
        judged = self.judged
        return Past(
            n=self.n,
            newest=self.correct.astype(np.float64),
            right=int(self.right.sum()),
            right_before={} if judged is None else {number: one.right for number, one in judged.before.items()},
            process=None if judged is None else judged.process,
        )


def begin(*, horizon_bars: int, usual: Rates | None) -> Sums:
    """Before the first outcome."""
    nothing, times = np.zeros(len(CLASSES), np.int64), np.zeros(0, "datetime64[us]")
    return Sums(
        n=0,
        right=np.zeros(horizon_bars, np.int64),
        came=nothing,
        named=nothing,
        as_of=times,
        correct=np.zeros(0, np.bool_),
        y=np.zeros(0, np.int64),
        target=times,
        promised=calibration.begin(horizon_bars=horizon_bars),
        scores=None if usual is None else skill.begin(np.array(usual), horizon_bars=horizon_bars),
        judged=None,
    )


def advance(
    before: Sums, rows: Matured, *, baseline: AccuracyEstimate | None, usual: Rates | None, policy: Policy
) -> Sums:
    """Go on by later rows of the same version, one or more; the same to the last bit one by one or at once."""
    h, correct, kept = before.horizon_bars, rows.correct, slice(-policy.window(before.horizon_bars), None)
    phases = (before.n + np.arange(len(rows))) % h
    scores = before.scores
    if scores is not None and usual is not None:
        scores = skill.advance(scores, rows.p, np.tile(usual, (len(rows), 1)), rows.y)
    after = Sums(
        n=before.n + len(rows),
        right=before.right + np.bincount(phases[correct], minlength=h),
        came=before.came + np.bincount(rows.y, minlength=len(CLASSES)),
        named=before.named + skill.named(rows.p),
        as_of=np.concatenate([before.as_of, rows.as_of])[kept],
        correct=np.concatenate([before.correct, correct])[kept],
        y=np.concatenate([before.y, rows.y])[kept],
        target=rows.target[-1:],
        promised=calibration.advance(before.promised, rows.p.max(axis=1), correct),
        scores=scores,
        judged=None,
    )
    if baseline is None:
        return after
    found = rolling.states(correct, baseline=baseline, horizon_bars=h, policy=policy, past=before.past)
    return replace(after, judged=_judged(before, rows, found, policy))


def _judged(before: Sums, rows: Matured, found: States, policy: Policy) -> Judged:
    told, n = before.judged, before.n + len(rows)
    alarms = np.flatnonzero(found.e_value >= policy.alarm_e_value)
    alarm_at = matured.moment(rows.target[alarms[0]]) if len(alarms) else None
    says = np.arange(before.n + 1, n + 1) >= policy.least_predictions
    line = found.rolling.accuracy[says][-SPARKLINE_POINTS:].tolist()
    look = _Look(before, rows)
    places = set(found.process.state.lowest_at.ravel().tolist())
    first = n - int(found.rolling.n[-1])
    return Judged(
        process=found.process.state,
        before={number: look.at(number) for number in sorted(places) if number < n},
        read=(first, look.at(first)),
        band=int(found.band[-1]),
        evidence=int(found.evidence[-1]),
        e_value=float(found.e_value[-1]),
        margin=float(found.margin[-1]),
        alarm_at=alarm_at if told is None or told.alarm_at is None else told.alarm_at,
        sparkline=(*(() if told is None else told.sparkline), *line)[-SPARKLINE_POINTS:],
    )


class _Look:
    """Looks up what came before an outcome: among the newest of a version and those that follow them, or as kept."""

    def __init__(self, before: Sums, rows: Matured) -> None:
        self._known = {} if before.judged is None else before.judged.before
        self._first = before.n - len(before.correct)
        self._as_of = np.concatenate([before.as_of, rows.as_of])
        right = np.concatenate([before.correct, rows.correct])
        came = np.eye(len(CLASSES), dtype=np.int64)[np.concatenate([before.y, rows.y])]
        self._right = _running(right.astype(np.int64)) + int(before.right.sum() - before.correct.sum())
        self._came = _running(came) + before.came - came[: len(before.y)].sum(axis=0)

    def at(self, number: int) -> Before:
        if number < self._first:
            return self._known[number]
        at = number - self._first
        return Before(int(self._right[at]), tuple(self._came[at].tolist()), matured.moment(self._as_of[at]))


def _running(values: Ints) -> Ints:
    """Sums of all before each position, and of all."""
    return np.concatenate([np.zeros((1, *values.shape[1:]), np.int64), np.cumsum(values, axis=0)])
