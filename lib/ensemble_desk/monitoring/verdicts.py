"""How one version does: band, evidence, skill and what to do, from its matured forecasts alone."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ensemble_desk.evaluation import confidence_sequences, e_process, intervals, skill
from ensemble_desk.evaluation.e_process import State
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.evaluation.skill import Skill
from ensemble_desk.forecasting import matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.monitoring import live
from ensemble_desk.monitoring.evidence import bands, calibration, lacks, references, sums
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy, Recommendation, Trend
from ensemble_desk.monitoring.evidence.calibration import Promise
from ensemble_desk.monitoring.evidence.rolling import BANDS, EVIDENCE
from ensemble_desk.monitoring.evidence.sums import Judged, Sums

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
    if rows is None or not len(rows):
        return of_sums(None, (), definition, policy)
    return of_sums(summed(rows, definition, policy), rows.kinds, definition, policy)


def summed(rows: Matured, definition: Definition, policy: Policy, *, before: Sums | None = None) -> Sums:
    """Add up what the matured forecasts of one version come to, one or more, on top of what came before them."""
    usual = definition.usual_rates
    begun = before or sums.begin(horizon_bars=live.horizon_of(rows), usual=usual)
    return sums.advance(begun, rows, baseline=live.validated(definition), usual=usual, policy=policy)


def of_sums(found: Sums | None, kinds: tuple[Kind, ...], definition: Definition, policy: Policy) -> DriftState:
    """Say the same from what the matured forecasts come to; None where there are none."""
    baseline = live.validated(definition)
    empty = nothing(definition.key, definition, problem=_problem(found, definition, baseline))
    if found is None:
        return empty
    h, newest = found.horizon_bars, np.bincount(found.y, minlength=len(CLASSES))
    known = replace(
        empty,
        kinds=kinds,
        horizon_bars=h,
        as_of=matured.moment(found.target[-1]),
        live=live.pointwise(found.correct, horizon_bars=h),
        overall=confidence_sequences.share_so_far(found.right, n=found.n),
        majority=references.most(newest, horizon_bars=h),
        overall_majority=references.most(found.came, horizon_bars=h),
        trend=bands.trend(found.correct, horizon_bars=h, least=policy.least_predictions),
        promise=calibration.so_far(found.promised),
        skill=None if found.scores is None else skill.so_far(found.scores),
        never_named=skill.missing(found.named),
    )
    if found.judged is None:
        return known
    return _settled(_judged(known, found, found.judged, policy), found.judged.process, policy)


def _judged(known: DriftState, found: Sums, judged: Judged, policy: Policy) -> DriftState:
    band, evidence = BANDS[judged.band], EVIDENCE[judged.evidence]
    rings = judged.e_value >= policy.alarm_e_value
    first, before = judged.read
    n, h = found.n - first, found.horizon_bars
    if band is Band.NOT_MEASURED:
        known = replace(known, problem=lacks.TOO_FEW, remedy=lacks.remedy(known.key, lacks.TOO_FEW))
    return replace(
        known,
        live=intervals.wilson((int(found.right.sum()) - before.right) / n, n, horizon_bars=h),
        majority=references.most(found.came - np.array(before.came), horizon_bars=h),
        margin=judged.margin,
        band=band,
        evidence=evidence,
        e_value=judged.e_value,
        rings=rings,
        alarm_at=judged.alarm_at,
        since=before.as_of if rings else None,
        recommendation=bands.recommendation(band, evidence),
        sparkline=judged.sparkline,
    )


def _settled(judged: DriftState, process: State, policy: Policy) -> DriftState:
    """Say how many outcomes of the present accuracy the alarm takes, by imitating them."""
    baseline = judged.baseline
    if baseline is None or not baseline.n or judged.live.value >= baseline.value:
        return judged
    if judged.rings:
        return replace(judged, more_outcomes=0)
    more = e_process.outcomes_to_alarm(
        process,
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


def _problem(found: Sums | None, definition: Definition, baseline: AccuracyEstimate | None) -> str:
    if definition.label is None:
        return lacks.NO_LABEL
    if found is None:
        return lacks.NO_OUTCOMES
    return "" if baseline is not None else lacks.NO_ACCURACY
