"""Drift of what is in production, for one key and for the fleet ranked by evidence; whose alarm stands among all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.evaluation import e_process
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live, verdicts
from ensemble_desk.monitoring.evidence import bands, lacks
from ensemble_desk.monitoring.evidence.bands import Band, Policy
from ensemble_desk.monitoring.upkeep import kept, summing
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

_AT_ONCE = 100  # keys whose sums are held in memory and written together


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

    ``alarm_line`` is the e-value that alarms, ``null`` the accuracy defended: the lower end of the validated one's
    68 % interval.
    """

    key: Key
    version: str
    kinds: tuple[Kind, ...]
    times: Times
    values: Floats
    alarm_line: float
    null: float


def fleet(
    registry: Registry, *, policy: Policy | None = None, kinds: Sequence[Kind] | None = None, keep: bool = False
) -> FleetDrift:
    """Say how every key in production does; ``kinds`` as :func:`.live.accuracy`.

    What was kept is taken where nothing has come since, and what is new is added to what was summed up; of the other
    keys the log is read. With ``keep`` it is kept.

    Raises
    ------
    DatabaseError
    """
    policy = policy or bands.policy(registry.settings)
    if kinds is not None:
        return ranked(judged(registry, definitions.of_production(registry.database), policy, kinds), policy)
    signs, known = kept.signs(registry.database, policy), kept.states(registry.database)
    found = {key: kept.state(known[key][1]) for key, sign in signs.items() if sign and known.get(key, ("",))[0] == sign}
    if len(found) < len(signs):
        every = definitions.of_production(registry.database)
        lacking = [one for key, one in every.items() if key not in found]
        for start in range(0, len(lacking), _AT_ONCE):
            some = lacking[start : start + _AT_ONCE]
            steps = {one.key: summing.step(registry.database, one, policy) for one in some}
            fresh = {one.key: verdicts.of_sums(steps[one.key].sums, steps[one.key].kinds, one, policy) for one in some}
            if keep:
                with registry.database.writing() as connection:
                    kept.keep_states(connection, [(signs[key], one) for key, one in fresh.items() if signs.get(key)])
                    summing.keep(connection, steps.items())
            found |= fresh
    return ranked(found, policy)


def judged(
    registry: Registry, wanted: Mapping[Key, Definition], policy: Policy, kinds: Sequence[Kind] | None
) -> dict[Key, DriftState]:
    """Judge what is in production of some keys by outcomes of these kinds, from what the log says of each."""
    found = {}
    for key, definition in wanted.items():
        own = matured.read(registry.database, key, version=definition.version)
        found[key] = verdicts.judge(own.of_kinds(kinds), definition, policy)
    return found


def ranked(found: Mapping[Key, DriftState], policy: Policy) -> FleetDrift:
    """Rank keys by evidence; only an alarm that stands across all of them confirms a fall."""
    alpha = 1 / policy.alarm_e_value
    standing = e_process.benjamini_hochberg({str(key): one.e_value for key, one in found.items()}, alpha=alpha)
    states = [_in_fleet(one, stands=str(key) in standing, policy=policy) for key, one in found.items()]
    return FleetDrift(tuple(sorted(states, key=lambda one: (-one.e_value, one.key))))


def _in_fleet(one: DriftState, *, stands: bool, policy: Policy) -> DriftState:
    evidence = bands.evidence(one.overall.n_eff, rings=one.rings and stands, policy=policy)
    return replace(one, stands=stands, evidence=evidence, recommendation=bands.recommendation(one.band, evidence))


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
    return verdicts.nothing(key, None, problem=lacks.NO_VERSION)


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
    line = e_process.line(baseline, falls=policy.falls)
    found = e_process.run(rows.correct[None, :], line, horizon_bars=live.horizon_of(rows))
    return EvidencePath(key, version, rows.kinds, rows.target, found.values[0], policy.alarm_e_value, line.null)


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
        "rings": one.rings,
        "stands_in_fleet": one.stands,
        "since": one.since.isoformat() if one.since else None,
        "n_eff": one.overall.n_eff,
        "accuracy_since_training": None if math.isnan(one.overall.value) else one.overall.value,
        "accuracy_since_training_low": one.overall.low,
        "accuracy_since_training_high": one.overall.high,
        "accuracy_low": one.live.low if known else None,
        "accuracy_high": one.live.high if known else None,
        "more_outcomes": one.more_outcomes,
        "skill": None if one.skill is None else asdict(one.skill),
        "never_named": list(one.never_named),
        "problem": one.problem,
        "remedy": one.remedy,
    }
