"""Live accuracy of a key or of one version: what was right, how sure that is, and what it must be compared with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import confidence_sequences, intervals, leaning, metrics, skill
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.evaluation.leaning import Leaning
from ensemble_desk.evaluation.skill import Skill
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Counts, Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import regimes
from ensemble_desk.monitoring.evidence import bands, calibration, references, rolling
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.evidence.calibration import Bin, Promise
from ensemble_desk.monitoring.regimes import Regime
from ensemble_desk.registry.opening import Registry

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


class State(StrEnum):
    """Whether there is live accuracy, and why not."""

    KNOWN = "known"
    NO_FORECASTS = "no forecasts"
    NO_OUTCOMES = "no outcomes yet"
    NO_LABEL = "no label"  # nobody has told it: nothing scores the version's forecasts


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Accuracy of the newest outcomes after each of n outcomes, shapes (n,); times are of the deciding bars.

    The limits are pointwise, ``promised`` is the mean confidence and ``window`` the number of outcomes that each value
    is taken over.
    """

    times: Times
    accuracy: Floats
    low: Floats
    high: Floats
    promised: Floats
    n_eff: Floats
    window: int


@dataclass(frozen=True, slots=True, eq=False)
class LiveAccuracy:
    """Everything that matured forecasts of one horizon tell; shares are in 0..1, what is not known is None.

    Attributes
    ----------
    version : None for the key as a whole, whichever version spoke.
    horizon, horizon_bars : None where nobody has told them.
    kinds : of the rows behind every number here.
    counts : forecasts in the log by kind and state, whatever ``kinds`` says.
    accuracy : over all rows, with an interval that may be looked at every day.
    recent : over the newest ones (``series.window``), with one that holds at one look.
    validated : the version's holdout accuracy.
    majority, persistence : on the same rows; persistence on those with a known outcome before.
    skill : all rows against the usual rates of the versions that spoke; None when one of them does not tell them.
    lean : hits of the class furthest above its usual rate, beside baselines of its own; None where skill is.
    never_named : classes that none of these forecasts named.
    months : the same by calendar month, newest last; ``volatility`` by thirds of volatility, calmest first, where the
        label tells it.
    scores : log_loss, brier, rps, precision, recall, f1, per_class, confusion, volatility_skill, direction_skill as
        :func:`ensemble_desk.evaluation.metrics.scores` names them.
    """

    key: Key
    version: str | None
    horizon: str | None
    horizon_bars: int | None
    state: State
    kinds: tuple[Kind, ...]
    counts: Mapping[Kind, Counts]
    first: datetime | None
    last: datetime | None
    accuracy: AccuracyEstimate
    recent: AccuracyEstimate
    validated: AccuracyEstimate | None
    majority: AccuracyEstimate | None
    persistence: AccuracyEstimate | None
    promise: Promise | None
    reliability: tuple[Bin, ...]
    skill: Skill | None
    lean: Leaning | None
    never_named: tuple[str, ...]
    months: tuple[Regime, ...]
    volatility: tuple[Regime, ...]
    scores: Mapping[str, Any]
    series: Series


def accuracy(
    registry: Registry,
    key: Key,
    *,
    version: str | None = None,
    horizon: str | None = None,
    kinds: Sequence[Kind] | None = None,
    policy: Policy | None = None,
) -> LiveAccuracy:
    """Compute live accuracy from the outcomes in the database.

    Parameters
    ----------
    version : None takes the key as a whole, each bar by the version that forecast it.
    horizon : None takes the trained one, of each version its own.
    kinds : None takes live forecasts if any has matured, else replayed ones; they are mixed only when both are named.

    Raises
    ------
    DatabaseError
    """
    policy = policy or bands.policy(registry.settings)
    found = definitions.of_key(registry.database, key)
    definition = found.get(version) if version is not None else None
    rows = matured.speaking(registry.database, key, version=version, horizon=horizon, kinds=kinds)
    counts = matured.counts(registry.database, key, version=version, horizon=horizon)
    unlabelled = version is not None and (definition is None or definition.label is None)
    return _told(
        key,
        rows,
        usual=regimes.usual(rows, found),
        version=version,
        horizon=horizon or _horizon(rows, found, version),
        counts=counts,
        state=_state(rows, counts, kinds, unlabelled=unlabelled),
        validated=validated(definition) if definition and horizon in (None, definition.horizon) else None,
        policy=policy,
    )


def validated(definition: Definition) -> AccuracyEstimate | None:
    """What the version's validation promised; without an interval when the artifact does not tell its rows."""
    if definition.accuracy is None:
        return None
    n, n_eff, low, high = definition.n_holdout, definition.n_eff, definition.low, definition.high
    if not n or not n_eff or low is None or high is None:
        return AccuracyEstimate(definition.accuracy, 0, 0.0, 0.0, 1.0)
    return AccuracyEstimate(definition.accuracy, n, n_eff, low, high)


def series(rows: Matured, *, policy: Policy) -> Series:
    """Roll accuracy and promise over matured rows."""
    horizon_bars = horizon_of(rows)
    window = policy.window(horizon_bars)
    found = rolling.accuracy(rows.correct, window=window, horizon_bars=horizon_bars)
    promised = rolling.mean(rows.p.max(axis=1, initial=0.0), window=window)
    return Series(rows.target, found.accuracy, found.low, found.high, promised, found.n_eff, window)


def horizon_of(rows: Matured) -> int:
    """Length of the horizon in bars; of versions that differ the longest, which is the most careful."""
    return int(rows.horizon_bars.max(initial=1))


def _horizon(rows: Matured, found: Mapping[str, Definition], version: str | None) -> str | None:
    """Name the trained horizon of a version; of a key as a whole that of the versions which spoke, newest first."""
    spoke = rows.versions if len(rows) else tuple(found)
    asked = sorted(spoke, reverse=True) if version is None else [version]
    return next((one.horizon for one in map(found.get, asked) if one is not None and one.horizon), None)


def _state(rows: Matured, counts: Mapping[Kind, Counts], kinds: Sequence[Kind] | None, *, unlabelled: bool) -> State:
    if len(rows):
        return State.KNOWN
    if unlabelled:
        return State.NO_LABEL
    wanted = [counts[kind] for kind in kinds or Kind]
    if not any(one.pending or one.matured or one.void for one in wanted):
        return State.NO_FORECASTS
    return State.NO_OUTCOMES


def _told(
    key: Key,
    rows: Matured,
    *,
    usual: Floats | None,
    version: str | None,
    horizon: str | None,
    counts: Mapping[Kind, Counts],
    state: State,
    validated: AccuracyEstimate | None,
    policy: Policy,
) -> LiveAccuracy:
    h, correct, confidence = horizon_of(rows), rows.correct, rows.p.max(axis=1, initial=0.0)
    rolled = series(rows, policy=policy)
    return LiveAccuracy(
        key=key,
        version=version,
        horizon=horizon,
        horizon_bars=h if len(rows) or horizon else None,
        state=state,
        kinds=rows.kinds,
        counts=counts,
        first=matured.moment(rows.as_of[0]) if len(rows) else None,
        last=matured.moment(rows.as_of[-1]) if len(rows) else None,
        accuracy=estimate(correct, horizon_bars=h),
        recent=pointwise(correct[-rolled.window :], horizon_bars=h),
        validated=validated,
        majority=references.majority(rows.y, horizon_bars=h),
        persistence=references.persistence(rows.y, as_of=rows.as_of, target=rows.target, horizon_bars=h),
        promise=calibration.promise(confidence, correct, horizon_bars=h),
        reliability=calibration.reliability(confidence, correct, horizon_bars=h),
        skill=None if usual is None else skill.daily(rows.p, usual, rows.y, horizon_bars=h),
        lean=None if usual is None else leaning.daily(rows.p, usual, rows.y, horizon_bars=h),
        never_named=skill.never_named(rows.p),
        months=regimes.by_month(rows, usual, horizon_bars=h),
        volatility=regimes.by_volatility(rows, usual, horizon_bars=h),
        scores=metrics.scores(rows.p, rows.y),
        series=rolled,
    )


def estimate(correct: NDArray[np.bool_], *, horizon_bars: int) -> AccuracyEstimate:
    """Share of hits of all rows so far, with an interval that may be looked at every day."""
    return confidence_sequences.share(correct, horizon_bars=horizon_bars)


def pointwise(correct: NDArray[np.bool_], *, horizon_bars: int) -> AccuracyEstimate:
    """Share of hits of some rows, with an interval that holds at one look."""
    share = float(correct.mean()) if len(correct) else math.nan
    return intervals.wilson(share, len(correct), horizon_bars=horizon_bars)
