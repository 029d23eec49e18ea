"""Transformers that add up columns by weights: principal components and their kin, discriminants, kernels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError, expect

_KERNELS = ("rbf", "linear", "poly", "polynomial", "sigmoid", "cosine")


def principal(made: Any) -> int:
    """Check a PCA: the directions, and the variances along them."""
    subject = "a PCA"
    n_features, n_made = _directions(made, subject)
    expect(type(made.__dict__.get("whiten")) is bool, subject, "whiten")
    parts.held(made, {"mean_": (n_features,), "explained_variance_": (n_made,)}, subject)
    return n_made


def singular(made: Any) -> int:
    """Check the directions of a truncated SVD, or of a random projection."""
    return _directions(made, f"a {type(made).__name__}")[1]


def independent(made: Any) -> int:
    """Check an ICA: the directions, and the means when it whitens."""
    subject, whiten = "an ICA", made.__dict__.get("whiten")
    n_features, n_made = _directions(made, subject)
    expect(whiten is False or whiten in ("unit-variance", "arbitrary-variance", "warn", True), subject, "whiten")
    if whiten:
        parts.floats(made.__dict__.get("mean_"), (n_features,), subject, "mean_")
    return n_made


def discriminant(made: Any) -> int:
    """Check a linear discriminant that gives its directions instead of a vote."""
    subject, told = "a discriminant", made.__dict__
    n_features, shape = parts.features(made), np.shape(told.get("scalings_"))
    expect(len(shape) == 2 and shape[1] > 0, subject, "scalings_")  # noqa: PLR2004 - features and directions
    shapes: dict[str, Sequence[int]] = {"scalings_": (n_features, shape[1])}
    if parts.one_of(made, "solver", ("svd", "eigen"), subject) == "svd":
        shapes["xbar_"] = (n_features,)
    parts.held(made, shapes, subject)
    return min(int(shape[1]), parts.count(made, "_max_components"))


def nystroem(made: Any) -> int:
    """Check a Nystroem map: rows of training, how near to them a row is, and the weights of that."""
    subject, told = "a Nystroem map", made.__dict__
    if told.get("kernel") not in _KERNELS or told.get("kernel_params") is not None:
        raise UnfitError(problem=f"its Nystroem map has another kernel than {', '.join(_KERNELS)}")
    parts.single_threaded(made)
    n_features, shape = parts.features(made), np.shape(told.get("components_"))
    expect(len(shape) == 2 and shape[0] > 0, subject, "components_")  # noqa: PLR2004 - rows and features
    parts.held(made, {"components_": (shape[0], n_features), "normalization_": (shape[0], shape[0])}, subject)
    for name in ("gamma", "coef0", "degree"):
        expect(told.get(name) is None or parts.is_finite(told[name]), subject, name)
    return int(shape[0])


def cosines(made: Any) -> int:
    """Check a map of random cosines: a direction and an offset for each column that it makes."""
    subject, n_made = "a map of random cosines", parts.count(made, "n_components")
    shapes: dict[str, Sequence[int]] = {"random_weights_": (parts.features(made), n_made), "random_offset_": (n_made,)}
    parts.held(made, shapes, subject)
    return n_made


def _directions(made: Any, subject: str) -> tuple[int, int]:
    n_features, shape = parts.features(made), np.shape(made.__dict__.get("components_"))
    expect(len(shape) == 2 and 0 < shape[0] <= n_features, subject, "components")  # noqa: PLR2004 - directions and features
    parts.floats(made.__dict__["components_"], (shape[0], n_features), subject, "components")
    return n_features, int(shape[0])
