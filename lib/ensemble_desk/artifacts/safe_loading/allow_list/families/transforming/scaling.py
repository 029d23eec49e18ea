"""Transformers that keep every column in its place: scalers, quantiles, powers, norms, thresholds."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import expect

_SUBJECT = "a scaler"


def standard(made: Any) -> int:
    return _scaled(made, {"mean_": made.__dict__.get("with_mean"), "scale_": made.__dict__.get("with_std")})


def minmax(made: Any) -> int:
    bounds = made.__dict__.get("feature_range")
    expect(type(bounds) is tuple and len(bounds) == 2 and all(map(parts.is_finite, bounds)), _SUBJECT)  # noqa: PLR2004
    return _scaled(made, {"scale_": True, "min_": True})


def robust(made: Any) -> int:
    return _scaled(made, {"center_": made.__dict__.get("with_centering"), "scale_": made.__dict__.get("with_scaling")})


def maxabs(made: Any) -> int:
    return _scaled(made, {"scale_": True})


def quantiles(made: Any) -> int:
    """Check the quantiles of each column, and the points between 0 and 1 that they belong to."""
    subject = "a transformer by quantiles"
    n_features, shape = parts.features(made), np.shape(made.__dict__.get("references_"))
    expect(len(shape) == 1 and shape[0] > 0, subject, "references_")
    parts.held(made, {"references_": shape, "quantiles_": (*shape, n_features)}, subject)
    for name in ("references_", "quantiles_"):
        expect((np.diff(made.__dict__[name], axis=0) >= 0).all(), subject, name)
    parts.one_of(made, "output_distribution", ("uniform", "normal"), subject)
    return n_features


def powers(made: Any) -> int:
    """Check the power of each column, and the scaler behind it."""
    subject = "a transformer by powers"
    n_features, told = parts.features(made), made.__dict__
    parts.floats(told.get("lambdas_"), (n_features,), subject, "lambdas_")
    parts.one_of(made, "method", ("yeo-johnson", "box-cox"), subject)
    expect(type(told.get("standardize")) is bool, subject, "standardize")
    if told["standardize"]:
        scaler = told.get("_scaler")
        expect(type(scaler).__name__ == "StandardScaler" and standard(scaler) == n_features, subject, "scaler")
    return n_features


def norms(made: Any) -> int:
    parts.one_of(made, "norm", ("l1", "l2", "max"), _SUBJECT)
    return parts.features(made)


def thresholds(made: Any) -> int:
    expect(parts.is_finite(made.__dict__.get("threshold")), _SUBJECT, "threshold")
    return parts.features(made)


def _scaled(made: Any, used: dict[str, Any]) -> int:
    n_features = parts.features(made)
    for name, is_used in used.items():
        expect(type(is_used) is bool, _SUBJECT, name)
        if is_used:
            parts.floats(made.__dict__.get(name), (n_features,), _SUBJECT, name)
    return n_features
