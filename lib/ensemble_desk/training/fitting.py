"""Bars up to a date become the content of one version: split, walk-forward, weights, holdout, refit."""

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.artifacts.format import SCHEMA_VERSION
from ensemble_desk.ensemble.members import catalogue as registered
from ensemble_desk.ensemble.votes import Member
from ensemble_desk.errors import AllMembersAbstainedError, extras
from ensemble_desk.evaluation import splits
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.training import content, dataset, holdout, walk_forward, wanted_label, weighing
from ensemble_desk.training.dataset import Dataset
from ensemble_desk.training.holdout import Verdict
from ensemble_desk.training.pooled import symbols as pooling
from ensemble_desk.training.walk_forward import N_FOLDS, Recipe
from ensemble_desk.training.weighing import Weighing

N_STEPS = N_FOLDS + 4

_alone = threading.Lock()  # the limit of threads is the whole process's, so whoever fits beside would see it go

Progress = Callable[[str, int, int], None]
"""Told the name of the step that begins, its number from 1, and how many steps there are."""


def default_label(timeframe: str) -> LabelSpec:
    """The base horizon of the timeframe against half a trailing standard deviation."""
    return wanted_label.DEFAULT.of(timeframe)


def fit_version(
    bars: Bars,
    *,
    label: LabelSpec,
    members: Sequence[str] = registered.DEFAULT_MEMBERS,
    seed: int,
    feature_set: str = "",
    peers: Mapping[str, pd.DataFrame] = MappingProxyType({}),
    zone: str = "UTC",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train one version on the bars given; pure computing, the same content for the same arguments.

    Parameters
    ----------
    peers : bars of other symbols, for the members that learn from all of them.
    zone : of the exchange, by whose clocks our features tell the hour and the day of intraday bars.

    Returns
    -------
    The artifact's content but its name in the registry: ``timestamp``, ``code_revision`` and ``run_id``.

    Raises
    ------
    TooFewBarsError
        When no honest holdout is left beside the train part.
    FeatureSetError
        When the team's own features that were asked for cannot be used.
    AllMembersAbstainedError
        When no member said enough to be weighed, or none answers after the refit.
    """
    with extras.needed():
        import scipy.linalg  # noqa: F401 - it brings a BLAS of its own, which must be there to be limited
        import threadpoolctl  # type: ignore[import-untyped] # it ships no types

    step = _counted(progress)
    with (
        _alone,
        threadpoolctl.threadpool_limits(1),
    ):  # sums of several threads differ in the last bits, and optimisers by more
        return _fit(bars, Recipe(tuple(members), label, bars.key.timeframe, seed, feature_set, zone), peers, step)


def _fit(bars: Bars, recipe: Recipe, peers: Mapping[str, pd.DataFrame], step: Callable[[str], None]) -> dict[str, Any]:
    step("features and labels")
    pooled = pooling.pool(bars, peers, label=recipe.label) if recipe.pools else None
    data = dataset.build(bars, label=recipe.label, feature_set=recipe.feature_set, pooled=pooled, zone=recipe.zone)
    split = splits.holdout(len(data), horizon_bars=recipe.label.horizon_bars, timeframe=recipe.timeframe)
    oof = walk_forward.run(data, split.train, recipe, progress=step)
    if not oof.probabilities:
        raise AllMembersAbstainedError(dict(oof.left_out))
    step("weights and calibration")
    learnt = weighing.learn(oof).beside(name for name in recipe.names if name in registered.PRICE_MEMBERS)
    step("holdout")
    verdict = holdout.score(data, split, recipe, oof=oof, learnt=learnt)
    step("refit on all rows")
    return _content(bars, data, recipe, learnt=learnt, verdict=verdict)


def _content(bars: Bars, data: Dataset, recipe: Recipe, *, learnt: Weighing, verdict: Verdict) -> dict[str, Any]:
    """Refit on everything and keep the members that answer afterwards, their weights scaled to sum to 1.

    A price member without weight is kept as well: it speaks about other horizons.
    """
    fitted, silent = _refit(tuple(learnt.weights), data, recipe)
    golden = content.golden(fitted, data, recipe)
    abstained = verdict.evaluation["abstained"] | silent | golden.silent
    kept = tuple(golden.predictions)
    if not any(learnt.weights[name] for name in kept):
        raise AllMembersAbstainedError(abstained)
    total = sum(learnt.weights[name] for name in kept)
    return {
        "schema_version": SCHEMA_VERSION,
        "symbol": bars.key.symbol,
        "timeframe": bars.key.timeframe,
        "models": {name: fitted[name].state() for name in kept},
        "weights": {name: float(learnt.weights[name] / total) for name in kept},
        "temperature": float(learnt.temperature),
        "usual_rates": verdict.evaluation["usual_rates"],
        "ensemble_accuracy": verdict.evaluation["ensemble"]["accuracy"],
        "performances": {name: verdict.performances[name] for name in kept},
        "model_predictions_sample": golden.predictions,
        "sample_features": golden.features,
        "sample_bars": golden.bars,
        "evaluation": verdict.evaluation | {"abstained": abstained},
        **content.describe(data, recipe, source=bars.source),
    }


def _refit(names: Sequence[str], data: Dataset, recipe: Recipe) -> tuple[dict[str, Member], dict[str, str]]:
    """Fit every weighed member on all labelled rows; members that cannot be built are named with the reason."""
    everything = np.arange(len(data), dtype=np.int64)
    made = {name: walk_forward.fit(name, data, recipe, learn=everything, kept=True) for name in names}
    fitted = {name: member for name, member in made.items() if not isinstance(member, str)}
    return fitted, {name: member for name, member in made.items() if isinstance(member, str)}


def _counted(progress: Progress | None) -> Callable[[str], None]:
    done = 0

    def step(name: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(name, done, N_STEPS)

    return step
