"""Drift of what is in production: band, evidence and what to do, for one key and for the fleet ranked by evidence."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.evaluation import e_process, power
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import bands, calibration, lacks, live, references, rolling
from ensemble_desk.monitoring.bands import Band, Evidence, Policy, Recommendation, Trend
from ensemble_desk.monitoring.calibration import Promise
from ensemble_desk.monitoring.rolling import BANDS, EVIDENCE, States
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

SPARKLINE_POINTS = 60
_DRIFTING = frozenset({Band.DRIFT, Band.EMERGENCY})


@dataclass(frozen=True, slots=True)
class DriftState:
    """How the version in production does against what its validation promised.

    Attributes
    ----------
    version : None when the key has no usable version.
    kinds : of the outcomes behind every number here; empty when there are none.
    as_of : time of the newest deciding bar.
    live, overall : accuracy of the newest outcomes (the policy's window), and of all of this version.
    majority : of the class that came most often among the newest outcomes.
    baseline : the validated holdout accuracy; ``margin`` is live minus baseline, a share.
    e_value : evidence for a fall, over all outcomes; ``alarm_at`` is when it first reached the alarm line.
    stands : whether the alarm also stands across the whole fleet (e-BH, false discovery rate 5 %).
    settles_n_eff : outcomes without overlap that would settle a fall as large as the present one (power 80 %), and
        ``more_outcomes`` how many more forecasts that takes; None when nothing fell.
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
    baseline: AccuracyEstimate | None
    margin: float | None
    band: Band
    evidence: Evidence
    e_value: float
    alarm_at: datetime | None
    stands: bool
    trend: Trend
    recommendation: Recommendation
    promise: Promise | None
    settles_n_eff: int | None
    more_outcomes: int | None
    sparkline: tuple[float, ...]
    problem: str = ""
    remedy: str = ""

    @property
    def confirmed(self) -> bool:
        """Whether this is an alert: DRIFT or worse, with the evidence for it."""
        return self.band in _DRIFTING and self.evidence is Evidence.CONFIRMED


@dataclass(frozen=True, slots=True)
class FleetDrift:
    """The drift of every key in production, strongest evidence first."""

    states: tuple[DriftState, ...]

    @property
    def alerts(self) -> tuple[DriftState, ...]:
        return tuple(one for one in self.states if one.confirmed)

    @property
    def unmeasured(self) -> tuple[DriftState, ...]:
        return tuple(one for one in self.states if one.band is Band.NOT_MEASURED)


@dataclass(frozen=True, slots=True, eq=False)
class EvidencePath:
    """The e-process of one version after each of n outcomes, shapes (n,); times are of the deciding bars.

    ``alarm_line`` is the e-value that alarms, ``null`` the accuracy defended: the lower bound of the validated one.
    """

    key: Key
    version: str
    kinds: tuple[Kind, ...]
    times: Times
    values: Floats
    alarm_line: float
    null: float


def fleet(registry: Registry, *, policy: Policy | None = None, kinds: Sequence[Kind] | None = None) -> FleetDrift:
    """Say how every key in production does, from two queries; ``kinds`` as :func:`.live.accuracy`.

    Raises
    ------
    DatabaseError
    """
    policy = policy or bands.policy(registry.settings)
    rows = matured.of_production(registry.database)
    found = {
        key: judge(rows[key].of_kinds(kinds) if key in rows else None, definition, policy)
        for key, definition in definitions.of_production(registry.database).items()
    }
    return ranked(found, policy)


def ranked(found: Mapping[Key, DriftState], policy: Policy) -> FleetDrift:
    """Rank keys by evidence and say whose alarm stands across all of them."""
    alpha = 1 / policy.alarm_e_value
    standing = e_process.benjamini_hochberg({str(key): one.e_value for key, one in found.items()}, alpha=alpha)
    states = [replace(one, stands=str(key) in standing) for key, one in found.items()]
    return FleetDrift(tuple(sorted(states, key=lambda one: (-one.e_value, one.key))))


def state(
    registry: Registry, key: Key, *, policy: Policy | None = None, kinds: Sequence[Kind] | None = None
) -> DriftState:
    """Say how a key in production does; the same as the fleet says of it.

    Raises
    ------
    UnknownKeyError, DatabaseError
    """
    for one in fleet(registry, policy=policy, kinds=kinds).states:
        if one.key == key:
            return one
    if key not in versions.keys(registry):
        raise UnknownKeyError(key)
    return _nothing(key, None, problem=lacks.NO_VERSION)


def path(
    registry: Registry,
    key: Key,
    *,
    version: str,
    policy: Policy | None = None,
    kinds: Sequence[Kind] | None = None,
) -> EvidencePath | None:
    """Follow the e-process of one version; None when it has no validated accuracy to defend."""
    policy = policy or bands.policy(registry.settings)
    definition = definitions.of_key(registry.database, key).get(version)
    baseline = live.validated(definition) if definition else None
    if baseline is None:
        return None
    rows = matured.read(registry.database, key, version=version).of_kinds(kinds)
    found = e_process.run(rows.correct, null=baseline.low, horizon_bars=live.horizon_of(rows))
    return EvidencePath(key, version, rows.kinds, rows.target, found.values, policy.alarm_e_value, found.null)


def status(registry: Registry, key: Key, *, policy: Policy | None = None) -> dict[str, Any]:
    """Tell the drift of a key as the guide's dictionary, with the evidence beside it; shares, not percent.

    ``drift_detected`` is True for confirmed drift only.
    """
    return told(state(registry, key, policy=policy))


def told(one: DriftState) -> dict[str, Any]:
    """Write a state as the guide's dictionary."""
    known = not math.isnan(one.live.value)
    guide = {
        "symbol": one.key.symbol,
        "timeframe": one.key.timeframe,
        "date": one.as_of.date().isoformat() if one.as_of else None,
        "accuracy": one.live.value if known else None,
        "n_predictions": one.live.n,
        "baseline_accuracy": one.baseline.value if one.baseline else None,
        "drift_margin": one.margin,
        "drift_detected": one.confirmed,
        "status": one.band.value,
        "trend": one.trend.value,
        "recommendation": one.recommendation.value,
    }
    return guide | {
        "version": one.version,
        "kinds": [kind.value for kind in one.kinds],
        "evidence": one.evidence.value,
        "e_value": one.e_value,
        "stands_in_fleet": one.stands,
        "n_eff": one.live.n_eff,
        "accuracy_low": one.live.low if known else None,
        "accuracy_high": one.live.high if known else None,
        "settles_n_eff": one.settles_n_eff,
        "problem": one.problem,
        "remedy": one.remedy,
    }


def judge(rows: Matured | None, definition: Definition, policy: Policy) -> DriftState:
    """Say how one version does by its matured forecasts, for itself: whether it stands is the fleet's to say."""
    baseline = live.validated(definition)
    empty = _nothing(definition.key, definition, problem=_problem(rows, definition, baseline))
    if rows is None or not len(rows):
        return empty
    h, correct = live.horizon_of(rows), rows.correct
    newest = slice(-policy.window(h), None)
    known = replace(
        empty,
        kinds=rows.kinds,
        horizon_bars=h,
        as_of=live.moment(rows.target[-1]),
        live=live.estimate(correct[newest], horizon_bars=h),
        overall=live.estimate(correct, horizon_bars=h),
        majority=references.majority(rows.y[newest], horizon_bars=h),
        trend=bands.trend(correct[newest], horizon_bars=h, least=policy.least_predictions),
        promise=calibration.promise(rows.p.max(axis=1), correct, horizon_bars=h),
    )
    if baseline is None:
        return known
    return _judged(known, rolling.states(correct, baseline=baseline, horizon_bars=h, policy=policy), rows, policy)


def _judged(known: DriftState, found: States, rows: Matured, policy: Policy) -> DriftState:
    assert known.baseline is not None  # noqa: S101 - the caller has looked
    band, evidence = BANDS[int(found.band[-1])], EVIDENCE[int(found.evidence[-1])]
    rung = np.flatnonzero(found.e_value >= policy.alarm_e_value)
    drop = known.baseline.value - known.live.value
    settles = power.outcomes_to_settle(known.baseline.value, drop)
    missing = None if settles is None else max(0, settles * live.horizon_of(rows) - known.live.n)
    telling = found.rolling.accuracy[policy.least_predictions - 1 :]
    if band is Band.NOT_MEASURED:
        known = replace(known, problem=lacks.TOO_FEW, remedy=lacks.remedy(known.key, lacks.TOO_FEW))
    return replace(
        known,
        margin=float(found.margin[-1]),
        band=band,
        evidence=evidence,
        e_value=float(found.e_value[-1]),
        alarm_at=live.moment(rows.target[rung[0]]) if len(rung) else None,
        recommendation=bands.recommendation(band, evidence),
        settles_n_eff=settles,
        more_outcomes=missing,
        sparkline=tuple(telling[-SPARKLINE_POINTS:].tolist()),
    )


def _nothing(key: Key, definition: Definition | None, *, problem: str) -> DriftState:
    nobody = live.estimate(np.zeros(0, np.bool_), horizon_bars=1)
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
        baseline=live.validated(definition) if definition else None,
        margin=None,
        band=Band.NOT_MEASURED,
        evidence=Evidence.INSUFFICIENT,
        e_value=1.0,
        alarm_at=None,
        stands=False,
        trend=Trend.INSUFFICIENT_DATA,
        recommendation=Recommendation.MEASURE_FIRST,
        promise=None,
        settles_n_eff=None,
        more_outcomes=None,
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
