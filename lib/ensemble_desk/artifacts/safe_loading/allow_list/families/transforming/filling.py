"""Imputers: what stands in for a missing number, and the marks of what was missing."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, Recipe, UnfitError, expect, stateless
from ensemble_desk.errors import extras

_SUBJECT = "an imputer"
_MOST_STEPS = 20_000


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


def in_rounds(made: Any) -> int:
    """Check an imputer that tells each column from the others in rounds: every step reads columns that are there."""
    n_features, told = parts.features(made), made.__dict__
    if told.get("sample_posterior") is not False:
        raise UnfitError(problem="its imputer draws what it fills in at random")
    first, missing = told.get("initial_imputer_"), told.get("missing_values")
    expect(type(first).__name__ == "SimpleImputer" and parts.features(first) == n_features, _SUBJECT, "start")
    expect(simple(first) <= n_features and first.__dict__.get("add_indicator") is False, _SUBJECT, "start")
    expect(type(missing) is float and np.isnan(missing), _SUBJECT, "missing values")
    empty = told.setdefault("_is_empty_feature", np.isnan(first.statistics_.astype(float)))  # until 1.4
    expect(type(empty) is np.ndarray and empty.dtype == np.bool_ and empty.shape == (n_features,), _SUBJECT, "columns")
    n_kept = n_features if told.get("keep_empty_features") is True else int((~empty).sum())
    expect(simple(first) == n_kept > 0, _SUBJECT, "columns")
    for name in ("_min_value", "_max_value"):
        limits = told.get(name)
        expect(type(limits) is np.ndarray and limits.shape == (n_kept,) and limits.dtype.kind == "f", _SUBJECT, name)
    rounds, n_rounds = told.get("imputation_sequence_"), told.get("n_iter_")
    expect(type(rounds) is list and len(rounds) <= _MOST_STEPS and type(n_rounds) is int, _SUBJECT, "rounds")
    expect(0 <= n_rounds <= len(rounds), _SUBJECT, "rounds")
    for one in rounds:
        _check_step(one, n_kept)
    return n_kept + _marks(made, n_features)


def step(builder: Builder, given: Recipe) -> Any:
    """Make one step of an imputer in rounds: the column that it fills, those that it reads, and the regression."""
    with extras.needed():
        from sklearn.impute._iterative import _ImputerTriplet

    args = stateless(given)
    expect(len(args) == 3, _SUBJECT, "steps")  # noqa: PLR2004 - as above
    return _ImputerTriplet(*(builder.value(one) for one in args))


def _check_step(given: Any, n_columns: int) -> None:
    expect(type(given).__name__ == "_ImputerTriplet", _SUBJECT, "steps")
    filled, read, model = given
    whole = isinstance(filled, int | np.integer) and type(read) is np.ndarray and read.dtype.kind in "iu"
    expect(whole and read.ndim == 1 and 0 < len(read) < n_columns, _SUBJECT, "steps")
    expect(0 <= filled < n_columns and ((read >= 0) & (read < n_columns)).all(), _SUBJECT, "steps")
    if type(model).__name__ != "BayesianRidge":
        raise UnfitError(problem=f"its imputer fills by a {type(model).__name__}, which is not read; BayesianRidge is")
    expect(parts.features(model) == len(read), _SUBJECT, "steps")
    parts.floats(model.__dict__.get("coef_"), read.shape, _SUBJECT, "steps")
    expect(parts.is_finite(model.__dict__.get("intercept_")), _SUBJECT, "steps")


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
