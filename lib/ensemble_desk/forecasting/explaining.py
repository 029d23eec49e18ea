"""Why a version says what it says of the newest row: features that speak for it, and those beyond what it learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ensemble_desk.ensemble import attribution, inputs
from ensemble_desk.ensemble.attribution import Explanation
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving


@dataclass(frozen=True, slots=True)
class Outside:
    """A feature whose value lies outside the range that the version was trained on."""

    feature: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """What speaks for a forecast.

    Attributes
    ----------
    n_ranged : features whose training range the version tells; 0 when it tells none (a plain artifact).
    """

    explanation: Explanation
    outside: tuple[Outside, ...]
    n_ranged: int


def explain(
    registry: Registry, key: Key, version: str, frame: pd.DataFrame, *, weights_used: Mapping[str, float]
) -> Reasons:
    """Explain what a version says of the last row of bars or ready features.

    Forecasts are served from leaves alone; what stands at the nodes on the way is in the artifact's estimators, which
    are loaded for this. Raises what the forecast itself raises.
    """
    ensemble = serving.of_content(key, serving.load(registry, key, version), version=version)
    ranges = versions.manifest(registry, key, version).get("reference_histograms")
    known = _ranges(ranges)
    return Reasons(
        attribution.explain(ensemble, frame, weights_used=weights_used),
        outside(_newest(ensemble, frame), known),
        len(known),
    )


def outside(row: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]) -> tuple[Outside, ...]:
    """Features of a row beyond their range, in the order of the row."""
    return tuple(
        Outside(name, value, *ranges[name])
        for name, value in row.items()
        if name in ranges and not ranges[name][0] <= value <= ranges[name][1]
    )


def _newest(ensemble: EnhancedEnsembleForecaster, frame: pd.DataFrame) -> dict[str, float]:
    injected = ensemble.ensemble_manager.ensemble
    needed, version = injected.needs(injected.members()), f"version {ensemble.version}"
    features = inputs.last(inputs.read_for(frame, needed, version=version, newest=True)).features
    if features is None:
        return {}
    return {str(name): float(value) for name, value in features.iloc[-1].items()}


def _ranges(stored: Any) -> dict[str, tuple[float, float]]:
    """Lowest and highest value by feature; what cannot be one is left out."""
    if not isinstance(stored, Mapping):
        return {}
    found = {
        str(name): (told.get("min"), told.get("max")) for name, told in stored.items() if isinstance(told, Mapping)
    }
    return {
        name: (float(low), float(high))
        for name, (low, high) in found.items()
        if isinstance(low, int | float) and isinstance(high, int | float)
    }
