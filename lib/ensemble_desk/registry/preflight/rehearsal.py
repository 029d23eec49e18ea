"""Preflight steps that make the version forecast: its own golden sample, and the newest bars."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.artifacts import serving_form
from ensemble_desk.artifacts.safe_loading import exported
from ensemble_desk.ensemble.flat.forest import BOOSTER, FlatForest
from ensemble_desk.ensemble.members import catalogue
from ensemble_desk.ensemble.members.classes import meaning_of
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.errors import SourceError, TooFewBarsError
from ensemble_desk.market import bars
from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.preflight.compatibility import feature_names
from ensemble_desk.registry.preflight.examination import Examination, Outcome, failed, passed, skipped
from ensemble_desk.registry.serving import ensembles as serving

TOLERANCE = 1e-9
N_SMOKE_BARS = 1_000
_GOLDEN = ("sample_features", "feature_names", "label", "model_predictions_sample")


def golden_sample(subject: Examination) -> Outcome:
    """Let every member answer again what it answered when the version was made."""
    content = subject.content
    if any(not content.get(name) for name in _GOLDEN):
        return skipped("it holds no rows to compute its sample predictions from")
    rows, spec = _sample(content), LabelSpec.from_dict(dict(content["label"]))
    worst = 0.0
    for name, model in content["models"].items():
        told = content["model_predictions_sample"].get(name)
        if told is None:
            return failed(f"{name} has no sample predictions")
        member = catalogue.rebuild(
            name,
            model,
            label=spec,
            timeframe=subject.entry.key.timeframe,
            numbered=not subject.is_plain,
            meaning=meaning_of(content),
        )
        votes = member.predict(rows, label=spec)
        expected = np.asarray(told, dtype=float)
        if votes.probabilities.shape != expected.shape or not np.isfinite(votes.probabilities).all():
            return failed(f"{name} does not answer any more: {votes.reason or 'other rows'}")
        distance = float(np.abs(votes.probabilities - expected).max())
        if not distance <= _tolerance(content, model):
            return failed(f"{name} answers otherwise than when it was made, by {distance:.3g}")
        worst = max(worst, distance)
    apart = _apart(subject)
    if not max(apart.values(), default=0.0) <= serving_form.TOLERANCE:
        return failed(f"the serving form answers otherwise than the estimators, by {apart}")
    return passed(f"{len(content['models'])} members, {len(rows.index)} rows, largest difference {worst:.1g}")


def _tolerance(content: Mapping[str, Any], model: Any) -> float:
    """Members that another library answered for did so in its own precision, float32 for some."""
    is_foreign = exported.PROOF in content or (isinstance(model, FlatForest) and model.kind == BOOSTER)
    return exported.TOLERANCE if is_foreign else TOLERANCE


def _apart(subject: Examination) -> dict[str, float]:
    """By how much each forest of the serving form answers otherwise than its estimator."""
    served, models = subject.form.get("models", {}), subject.content["models"]
    sample = subject.content["sample_features"]
    return {
        name: serving_form.parity(forest, models[name], sample=sample)
        for name, forest in served.items()
        if isinstance(forest, FlatForest)
    }


def smoke_forecast(subject: Examination) -> Outcome:
    """Forecast from the newest bars of the source, the way production will.

    A member that nobody can ask, whose classes mean nothing known say, fails here also where bars are not enough.
    """
    key, source = subject.entry.key, subject.registry.source
    ensemble = serving.of_content(key, subject.form or subject.content, version=subject.entry.version)
    names = feature_names(subject.content)
    if names is None:
        return skipped("it does not say which features it reads, so bars are not enough")
    if not set(names) <= set(FEATURE_NAMES) and not subject.content.get("feature_set"):
        return skipped("it reads features of its own, so bars are not enough")
    try:
        newest = source.bars(key, last=N_SMOKE_BARS)
    except SourceError as error:
        return skipped(f"no bars: {error}")
    try:
        forecast = ensemble.predict(newest.frame)
    except TooFewBarsError as error:
        return skipped(f"too few bars: {error}")
    total = sum(forecast["probabilities"].values())
    if not math.isclose(total, 1, abs_tol=1e-6):
        return failed(f"the probabilities sum to {total:.6g}")
    return passed(
        f"{forecast['label']}, confidence {100 * forecast['confidence']:.0f} %, as of {newest.last:%Y-%m-%d %H:%M} UTC"
    )


def _sample(content: Mapping[str, Any]) -> Rows:
    """Rebuild the sample rows; they are the newest ones of the sample bars, where there are bars."""
    values = np.asarray(content["sample_features"], dtype=float)
    names = [str(name) for name in content["feature_names"]]
    kept = content.get("sample_bars")
    if not kept:
        features = pd.DataFrame(values, columns=names)
        return Rows(features.index, features, None)
    times = pd.to_datetime(pd.Series(kept["time"]), utc=True, format="ISO8601")
    prices = pd.DataFrame({name: kept[name] for name in bars.COLUMNS}).set_axis(pd.DatetimeIndex(times))
    checked = bars.check(prices, subject="The sample bars")
    index = checked.index[-len(values) :]
    return Rows(index, pd.DataFrame(values, index=index, columns=names), checked)
