"""Who does better on the same matured rows: each member against equal weights, one version against another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble import pool
from ensemble_desk.evaluation import comparison
from ensemble_desk.evaluation.comparison import Comparison, Verdict
from ensemble_desk.evaluation.intervals import AccuracyEstimate, Mean
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live
from ensemble_desk.monitoring.evidence import bands
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.live import Series
from ensemble_desk.registry.index import versions as index
from ensemble_desk.registry.opening import Registry

Floats = NDArray[np.float64]

MOST_ROWS = 2_520
ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True, eq=False)
class MemberScore:
    """One member, or the ensemble itself, against the equal-weight pool of the members that voted.

    Attributes
    ----------
    accuracy : on the rows on which the member voted, with an interval that may be looked at every day;
        ``pool_accuracy`` that of the pool on the same rows, with one for one look.
    series : accuracy of its newest outcomes after each of these rows.
    log_loss : mean with an interval for one look.
    difference : the member's log-loss minus the pool's, negative is better, with an interval that may be looked at
        every day; ``verdict`` says in one word what it tells.
    bars_to_settle : rows that would tell the smallest difference worth having from none.
    kinds : of the rows.
    """

    name: str
    n: int
    accuracy: AccuracyEstimate
    pool_accuracy: AccuracyEstimate
    series: Series
    log_loss: Mean
    difference: Mean
    verdict: Verdict
    bars_to_settle: int | None
    kinds: tuple[Kind, ...]


def members(
    registry: Registry,
    key: Key,
    *,
    version: str,
    horizon: str | None = None,
    kinds: Sequence[Kind] | None = None,
    policy: Policy | None = None,
) -> tuple[MemberScore, ...]:
    """Score the members of a version over its newest matured forecasts, best log-loss first, the ensemble among them.

    ``horizon``, ``kinds`` and ``policy`` as :func:`ensemble_desk.monitoring.live.accuracy` takes them.
    """
    policy = policy or bands.policy(registry.settings)
    rows = matured.read(registry.database, key, version=version, horizon=horizon).of_kinds(kinds)
    rows = rows.take(slice(max(len(rows) - MOST_ROWS, 0), None))
    votes = dict(matured.members(registry.database, key, rows))
    if not votes:
        return ()
    equal = pool.combine(votes, dict.fromkeys(votes, 1.0))
    found = [_score(name, equal, p, rows, policy=policy) for name, p in {ENSEMBLE: rows.p, **votes}.items()]
    return tuple(sorted(found, key=lambda one: one.log_loss.value))


def versions(registry: Registry, key: Key, *, first: str, second: str) -> Comparison | None:
    """Set the second version against the first on the bars that both forecast and neither was trained on.

    None where their labels differ or either does not tell what it was trained on.

    Raises
    ------
    UnknownKeyError, UnknownVersionError, DatabaseError
    """
    found = definitions.of_key(registry.database, key)
    labels = [found[name].label if name in found else None for name in (first, second)]
    last_bars = [index.get(registry, key, name).last_bar for name in (first, second)]
    if None in labels or labels[0] != labels[1] or None in last_bars:
        return None
    known = max(last for last in last_bars if last is not None)
    every = matured.read(registry.database, key)
    rows = every.take(every.as_of > np.datetime64(known.replace(tzinfo=None)))
    ours, theirs = rows.of_version(first), rows.of_version(second)
    _, left, right = np.intersect1d(ours.as_of, theirs.as_of, return_indices=True)
    ours, theirs = ours.take(left), theirs.take(right)
    return comparison.compare(ours.p, theirs.p, ours.y, horizon_bars=live.horizon_of(ours))


def _score(name: str, equal: Floats, p: Floats, rows: Matured, *, policy: Policy) -> MemberScore:
    told = comparison.compare(equal, p, rows.y, horizon_bars=live.horizon_of(rows))
    voted = np.asarray(np.isfinite(p).all(axis=1))
    hits = p[voted].argmax(axis=1) == rows.y[voted]
    return MemberScore(
        name=name,
        n=told.n,
        accuracy=live.estimate(hits, horizon_bars=live.horizon_of(rows)),
        pool_accuracy=told.first_accuracy,
        series=live.series(replace(rows, p=p).take(voted), policy=policy),
        log_loss=told.second_log_loss,
        difference=told.daily,
        verdict=told.daily_verdict,
        bars_to_settle=told.bars_to_settle,
        kinds=rows.kinds,
    )
