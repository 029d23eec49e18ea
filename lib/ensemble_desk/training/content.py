"""What a version holds: the guide's keys and ours, assembled from one training as plain values and estimators."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.ensemble.members import catalogue
from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.market import feature_sets, timeframes
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.training.dataset import Dataset
from ensemble_desk.training.walk_forward import Recipe

N_SAMPLE_BARS = 300
N_HISTOGRAM_BINS = 20
LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "arch", "prophet", "TA-Lib")


@dataclass(frozen=True, slots=True)
class Golden:
    """The newest rows, and what every member, rebuilt from its stored state, says about them.

    ``silent`` maps members that could not answer to the reason.
    """

    features: list[list[float]]
    bars: dict[str, list[Any]]
    predictions: dict[str, list[list[float]]]
    silent: dict[str, str]


def golden(fitted: Mapping[str, Member], data: Dataset, recipe: Recipe) -> Golden:
    """Ask every member as a later load will: rebuilt from its state, with no more bars than the artifact keeps."""
    newest = data.newest
    bars = data.bars.loc[: newest.index[-1]].iloc[-N_SAMPLE_BARS:]
    rows = Rows(index=newest.index, features=newest, bars=bars)
    predictions, silent = {}, {}
    for name, member in fitted.items():
        rebuilt = catalogue.rebuild(name, member.state(), label=recipe.label, timeframe=recipe.timeframe, numbered=True)
        votes = rebuilt.predict(rows, label=recipe.label)
        if np.isfinite(votes.probabilities).all():
            predictions[name] = votes.probabilities.tolist()
        else:
            silent[name] = f"abstained on the newest rows after the refit: {votes.reason}"
    return Golden(newest.to_numpy().tolist(), _columns(bars), predictions, silent)


def _columns(bars: pd.DataFrame) -> dict[str, list[Any]]:
    times = [time.isoformat() for time in bars.index]
    return {"time": times} | {str(name): bars[name].to_numpy().tolist() for name in bars.columns}


def describe(data: Dataset, recipe: Recipe, *, source: str) -> dict[str, Any]:
    """Everything the artifact says about its data, its label and the libraries that made it."""
    first, last = data.features.index[0], data.bars.index[-1]
    own: dict[str, Any] = {}
    if recipe.feature_set:
        own = {"feature_set": {"name": recipe.feature_set, "digest": feature_sets.get(recipe.feature_set).digest}}
    if recipe.zone != "UTC":
        own["feature_zone"] = recipe.zone
    return own | {
        "horizon": timeframes.read_horizon(recipe.timeframe, str(recipe.label.horizon_bars)).name,
        "label": recipe.label.to_dict(),
        "classes": list(CLASSES),
        "feature_names": [str(name) for name in data.features.columns],
        "data_window": {
            "first_bar": first.isoformat(),
            "last_bar": last.isoformat(),
            "n_bars": len(data.bars.loc[first:]),
            "n_labelled": len(data),
        },
        "reference_histograms": {str(name): histogram(data.features[name]) for name in data.features.columns},
        "libraries": {name: version for name in LIBRARIES if (version := _installed(name))},
        "bars_source": source,
        "pooled_symbols": [] if data.pooled is None else list(data.pooled.symbols),
        "seed": recipe.seed,
    }


def histogram(values: pd.Series) -> dict[str, Any]:
    """Counts between edges that each hold about the same share of the labelled rows; fewer bins where values repeat."""
    known = values.to_numpy(dtype=float)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, N_HISTOGRAM_BINS + 1)))
    if len(edges) == 1:
        edges = np.array([edges[0], edges[0]])
    counts, edges = np.histogram(known, bins=edges)
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "min": float(known.min()),
        "max": float(known.max()),
    }


def _installed(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""  # an optional member's library may be missing
