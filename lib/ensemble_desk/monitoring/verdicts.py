"""How one version does: band, evidence, skill and what to do, from its matured forecasts alone."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ensemble_desk.evaluation import e_process, skill
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.evaluation.skill import Skill
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live
from ensemble_desk.monitoring.evidence import bands, calibration, lacks, references, rolling
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy, Recommendation, Trend
from ensemble_desk.monitoring.evidence.calibration import Promise
from ensemble_desk.monitoring.evidence.rolling import BANDS, EVIDENCE, States

SPARKLINE_POINTS = 60
MOST_OUTCOMES = 2_520  # that are looked ahead for what settles a fall
_SEED = 20_250_121  # of the outcomes that are imitated ahead


@dataclass(frozen=True, slots=True)
class DriftState:
    """How the version in production does against what its validation promised.

    Attributes
    ----------
    version : None when the key has no usable version.
    kinds : of the outcomes behind every number here; empty when there are none.
    as_of : time of the newest deciding bar.
    live : accuracy of the rows that the band is read off: those since the likeliest change while the alarm rings, else
        the newest ones (the policy's window). Its interval is pointwise.
    overall : accuracy of all outcomes of this version, with an interval that may be looked at every day.
    majority, overall_majority : of the class that came most often among the rows of each.
    baseline : the validated holdout accuracy; ``margin`` is live minus baseline, a share.
    e_value : evidence for a fall, over all outcomes; ``rings`` says whether it has reached the alarm line now, and
        ``alarm_at`` when it first did.
    since : bar of the first forecast after the likeliest change; None while the alarm does not ring.
    stands : whether the alarm also stands across the whole fleet (e-BH, false discovery rate 5 %).
    more_outcomes : outcomes of the present accuracy until the alarm rings in half of all cases; None when nothing fell
        or it takes more than MOST_OUTCOMES.
    skill : log-loss and RPS against the usual rates; None when the version does not tell them.
    never_named : classes that none of its forecasts named.
    sparkline : rolling accuracy, oldest first, from the least number of outcomes that says anything.
    problem : why nothing can be said; '' otherwise.
    remedy : the command that mends it; '' when there is no problem.
    """

    key: Key
    version: str | None
    kinds: tuple[Kind, ...]
    horizon: str | None
    horizon_bars: int | None
    as_of: datetime | None
    live: AccuracyEstimate
    overall: AccuracyEstimate
    majority: AccuracyEstimate | None
    overall_majority: AccuracyEstimate | None
    baseline: AccuracyEstimate | None
    margin: float | None
    band: Band
    evidence: Evidence
    e_value: float
    rings: bool
    alarm_at: datetime | None
    since: datetime | None
    stands: bool
    trend: Trend
    recommendation: Recommendation
    promise: Promise | None
    more_outcomes: int | None
    skill: Skill | None
    never_named: tuple[str, ...]
    sparkline: tuple[float, ...]
    problem: str = ""
    remedy: str = ""

    @property
    def confirmed(self) -> bool:
        """Whether this is an alert: the alarm rings, and stands across the fleet."""
        return self.evidence is Evidence.CONFIRMED

    @property
    def rings_alone(self) -> bool:
        """Whether the alarm rings, but one such alarm is to be expected among so many keys."""
        return self.rings and not self.stands


def judge(rows: Matured | None, definition: Definition, policy: Policy) -> DriftState:
    """Say how one version does by its matured forecasts, for itself: whether it stands is the fleet's to say."""
    baseline = live.validated(definition)
    empty = nothing(definition.key, definition, problem=_problem(rows, definition, baseline))
    if rows is None or not len(rows):
        return empty
    h, correct = live.horizon_of(rows), rows.correct
    newest = slice(-policy.window(h), None)
    known = replace(
        empty,
        kinds=rows.kinds,
        horizon_bars=h,
        as_of=live.moment(rows.target[-1]),
        live=live.pointwise(correct[newest], horizon_bars=h),
        overall=live.estimate(correct, horizon_bars=h),
        majority=references.majority(rows.y[newest], horizon_bars=h),
        overall_majority=references.majority(rows.y, horizon_bars=h),
        trend=bands.trend(correct[newest], horizon_bars=h, least=policy.least_predictions),
        promise=calibration.promise(rows.p.max(axis=1), correct, horizon_bars=h),
        skill=_skill(rows, definition, horizon_bars=h),
        never_named=skill.never_named(rows.p),
    )
    if baseline is None:
        return known
    return _judged(known, rolling.states(correct, baseline=baseline, horizon_bars=h, policy=policy), rows, policy)


def _skill(rows: Matured, definition: Definition, *, horizon_bars: int) -> Skill | None:
    if definition.usual_rates is None:
        return None
    usual = np.tile(definition.usual_rates, (len(rows), 1))
    return skill.daily(rows.p, usual, rows.y, horizon_bars=horizon_bars)


def _judged(known: DriftState, found: States, rows: Matured, policy: Policy) -> DriftState:
    assert known.baseline is not None  # noqa: S101 - the caller has looked
    band, evidence = BANDS[int(found.band[-1])], EVIDENCE[int(found.evidence[-1])]
    alarms = np.flatnonzero(found.e_value >= policy.alarm_e_value)
    rings = bool(found.e_value[-1] >= policy.alarm_e_value)
    read, h = slice(-int(found.rolling.n[-1]), None), live.horizon_of(rows)
    if band is Band.NOT_MEASURED:
        known = replace(known, problem=lacks.TOO_FEW, remedy=lacks.remedy(known.key, lacks.TOO_FEW))
    judged = replace(
        known,
        live=live.pointwise(rows.correct[read], horizon_bars=h),
        majority=references.majority(rows.y[read], horizon_bars=h),
        margin=float(found.margin[-1]),
        band=band,
        evidence=evidence,
        e_value=float(found.e_value[-1]),
        rings=rings,
        alarm_at=live.moment(rows.target[alarms[0]]) if len(alarms) else None,
        since=live.moment(rows.as_of[read][0]) if rings else None,
        recommendation=bands.recommendation(band, evidence),
        sparkline=tuple(found.rolling.accuracy[policy.least_predictions - 1 :][-SPARKLINE_POINTS:].tolist()),
    )
    return _settled(judged, found, policy)


def _settled(judged: DriftState, found: States, policy: Policy) -> DriftState:
    """Say how many outcomes of the present accuracy the alarm takes, by imitating them."""
    baseline = judged.baseline
    if baseline is None or not baseline.n or judged.live.value >= baseline.value:
        return judged
    if judged.rings:
        return replace(judged, more_outcomes=0)
    more = e_process.outcomes_to_alarm(
        found.process.state,
        e_process.line(baseline, falls=policy.falls),
        accuracy=judged.live.value,
        alarm_e_value=policy.alarm_e_value,
        most=MOST_OUTCOMES,
        generator=np.random.default_rng(_SEED),
    )
    return replace(judged, more_outcomes=more)


def nothing(key: Key, definition: Definition | None, *, problem: str) -> DriftState:
    nobody = live.pointwise(np.zeros(0, np.bool_), horizon_bars=1)
    label = definition.label if definition else None
    return DriftState(
        key=key,
        version=definition.version if definition else None,
        kinds=(),
        horizon=definition.horizon if definition else None,
        horizon_bars=label.horizon_bars if label else None,
        as_of=None,
        live=nobody,
        overall=nobody,
        majority=None,
        overall_majority=None,
        baseline=live.validated(definition) if definition else None,
        margin=None,
        band=Band.NOT_MEASURED,
        evidence=Evidence.INSUFFICIENT,
        e_value=1.0,
        rings=False,
        alarm_at=None,
        since=None,
        stands=False,
        trend=Trend.INSUFFICIENT_DATA,
        recommendation=Recommendation.MEASURE_FIRST,
        promise=None,
        more_outcomes=None,
        skill=None,
        never_named=(),
        sparkline=(),
        problem=problem,
        remedy=lacks.remedy(key, problem),
    )


def _problem(rows: Matured | None, definition: Definition, baseline: AccuracyEstimate | None) -> str:
    if definition.label is None:
        return lacks.NO_LABEL
    if rows is None or not len(rows):
        return lacks.NO_OUTCOMES
    return "" if baseline is not None else lacks.NO_ACCURACY
