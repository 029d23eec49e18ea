"""Imputers: what stands in for a missing number, and the marks of what was missing."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError, expect

_SUBJECT = "an imputer"


def simple(made: Any) -> int:
    """Check an imputer; a column without any value in training is left out."""
    n_features, told = parts.features(made), made.__dict__
    fills = told.get("statistics_")
    expect(type(fills) is np.ndarray and fills.shape == (n_features,), _SUBJECT, "statistics")
    if fills.dtype.kind == "O" and told.get("strategy") == "constant":
        expect(all(type(fill) in (int, float) for fill in fills.tolist()), _SUBJECT, "statistics")
        fills = fills.astype(float)
    expect(fills.dtype.kind == "f" and not np.isinf(fills).any(), _SUBJECT, "statistics")
    expect(isinstance(told.get("missing_values"), float | int), _SUBJECT, "missing values")
    for name in ("_fit_dtype", "_fill_dtype"):
        expect(isinstance(told.get(name), np.dtype) and told[name].kind in "fiu", _SUBJECT, "data type")
    kept = told.get("keep_empty_features") is True
    return (n_features if kept else int((~np.isnan(fills)).sum())) + _marks(made, n_features)


def nearest(made: Any) -> int:
    """Check an imputer by neighbours: the rows of training, where they miss a number, and which columns have any."""
    n_features, told = parts.features(made), made.__dict__
    rows, gaps, kept = told.get("_fit_X"), told.get("_mask_fit_X"), told.get("_valid_mask")
    expect(type(rows) is np.ndarray and rows.ndim == 2 and rows.dtype.kind == "f", _SUBJECT, "rows")  # noqa: PLR2004
    expect(rows.shape[1] == n_features and len(rows) > 0 and not np.isinf(rows).any(), _SUBJECT, "rows")
    for name, marks, shape in (("gaps", gaps, rows.shape), ("columns", kept, (n_features,))):
        expect(type(marks) is np.ndarray and marks.dtype == np.bool_ and marks.shape == shape, _SUBJECT, name)
    expect((np.isnan(rows) == gaps).all() and (kept == ~gaps.all(axis=0)).all(), _SUBJECT, "gaps")
    if type(told.get("weights")) is not str or told.get("metric") != "nan_euclidean":
        raise UnfitError(
            problem="its imputer finds or weighs neighbours by a function, which is not read from a pickle"
        )
    parts.one_of(made, "weights", ("uniform", "distance"), _SUBJECT)
    expect(type(told.get("n_neighbors")) is int and told["n_neighbors"] > 0, _SUBJECT, "neighbours")
    missing = told.get("missing_values")
    expect(type(missing) is float and np.isnan(missing), _SUBJECT, "missing values")
    return (n_features if told.get("keep_empty_features") is True else int(kept.sum())) + _marks(made, n_features)


def marks(made: Any) -> int:
    """Check what marks missing numbers: the columns that it marks are there."""
    subject, told = "a mark of missing numbers", made.__dict__
    n_features, places = parts.count(made, "n_features_in_"), told.get("features_")
    expect(told.get("_n_features") == n_features and told.get("sparse") in ("auto", False), subject)
    expect(type(told.get("_precomputed")) is bool and type(told.get("error_on_new")) is bool, subject)
    expect(isinstance(told.get("missing_values"), float | int), subject, "missing values")
    expect(type(places) is np.ndarray and places.ndim == 1 and places.dtype.kind == "i", subject, "columns")
    expect(((places >= 0) & (places < n_features)).all() and (np.diff(places) > 0).all(), subject, "columns")
    everywhere = parts.one_of(made, "features", ("missing-only", "all"), subject) == "all"
    return n_features if everywhere else len(places)


def _marks(made: Any, n_features: int) -> int:
    """Give how many columns of marks an imputer adds: none unless it was told to."""
    asked, indicator = made.__dict__.get("add_indicator"), made.__dict__.get("indicator_")
    expect(type(asked) is bool and asked == (indicator is not None), _SUBJECT, "marks")
    if not asked:
        return 0
    expect(type(indicator).__name__ == "MissingIndicator" and indicator.__dict__.get("_precomputed"), _SUBJECT, "marks")
    expect(parts.count(indicator, "n_features_in_") == n_features, _SUBJECT, "marks")
    return marks(indicator)
