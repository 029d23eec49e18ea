"""What stands before a classifier in the allow-list: scalers, imputers, selections, PCA; checked where they are used.

Each check gives the number of columns that come out. Whoever uses a transformer knows how many go in.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    Recipe,
    UnfitError,
    expect,
    state_of,
    stateless,
)

SCORES = ("f_classif", "f_regression", "chi2", "mutual_info_classif", "mutual_info_regression")
_SCALER = "a scaler"
_SELECTION = "a selection of features"


def width(made: Any) -> int:
    """Check a fitted transformer and give the number of columns that it makes of its own."""
    check = _WIDTHS.get(type(made).__name__)
    expect(check is not None, "a pipeline", type(made).__name__)
    return check(made)  # type: ignore[misc] # expect() raised for None


def passes(made: Any) -> bool:
    """Tell whether a part is the transformer that leaves any columns as they are, and needs no fitting."""
    return type(made).__name__ == "FunctionTransformer" and made.__dict__.get("func") is None


def _standard(made: Any) -> int:
    return _scaled(made, {"mean_": made.__dict__.get("with_mean"), "scale_": made.__dict__.get("with_std")})


def _minmax(made: Any) -> int:
    bounds = made.__dict__.get("feature_range")
    expect(type(bounds) is tuple and len(bounds) == 2 and all(map(parts.is_finite, bounds)), _SCALER)  # noqa: PLR2004
    return _scaled(made, {"scale_": True, "min_": True})


def _robust(made: Any) -> int:
    return _scaled(made, {"center_": made.__dict__.get("with_centering"), "scale_": made.__dict__.get("with_scaling")})


def _maxabs(made: Any) -> int:
    return _scaled(made, {"scale_": True})


def _scaled(made: Any, used: dict[str, Any]) -> int:
    n_features = parts.features(made)
    for name, is_used in used.items():
        expect(type(is_used) is bool, _SCALER, name)
        if is_used:
            parts.floats(made.__dict__.get(name), (n_features,), _SCALER, name)
    return n_features


def _imputer(made: Any) -> int:
    """Check an imputer; a column without any value in training is left out."""
    n_features, told = parts.features(made), made.__dict__
    fills, missing = told.get("statistics_"), told.get("missing_values")
    if told.get("add_indicator") is not False or told.get("indicator_") is not None:
        raise UnfitError(problem="its imputer adds marks of what was missing, which is not supported")
    expect(type(fills) is np.ndarray and fills.shape == (n_features,), "an imputer", "statistics")
    expect(fills.dtype.kind == "f" and not np.isinf(fills).any(), "an imputer", "statistics")
    expect(isinstance(missing, float | int), "an imputer", "missing values")
    for name in ("_fit_dtype", "_fill_dtype"):
        expect(isinstance(told.get(name), np.dtype) and told[name].kind in "fiu", "an imputer", "data type")
    kept = told.get("keep_empty_features") is True
    return n_features if kept else int((~np.isnan(fills)).sum())


def _variance(made: Any) -> int:
    n_features = parts.features(made)
    parts.floats(made.__dict__.get("variances_"), (n_features,), _SELECTION, "variances")
    expect(parts.is_finite(made.__dict__.get("threshold")), _SELECTION, "threshold")
    return _chosen(made)


def _best(made: Any) -> int:
    n_features, told = parts.features(made), made.__dict__
    scores = told.get("scores_")
    expect(type(scores) is np.ndarray and scores.shape == (n_features,), _SELECTION, "scores")
    expect(scores.dtype.kind == "f", _SELECTION, "scores")
    if "percentile" in told:
        expect(parts.is_finite(told["percentile"]) and 0 <= told["percentile"] <= 100, _SELECTION)  # noqa: PLR2004
    else:
        k = told.get("k")
        expect(k == "all" or (type(k) is int and k > 0), _SELECTION, "k")
    return _chosen(made)


def _chosen(made: Any) -> int:
    n_chosen = int(made.get_support().sum())
    expect(n_chosen > 0, _SELECTION, "nothing is selected")
    return n_chosen


def _principal(made: Any) -> int:
    """Check a PCA: the directions, and the variances along them."""
    subject = "a PCA"
    n_features, shape = parts.features(made), np.shape(made.__dict__.get("components_"))
    expect(len(shape) == 2 and 0 < shape[0] <= n_features, subject, "components")  # noqa: PLR2004 - directions and features
    expect(type(made.__dict__.get("whiten")) is bool, subject, "whiten")
    shapes: dict[str, Sequence[int]] = {"components_": (shape[0], n_features), "mean_": (n_features,)}
    parts.held(made, {**shapes, "explained_variance_": (shape[0],)}, subject)
    return int(shape[0])


def _nothing(made: Any) -> int:
    """Check a transformer of functions: only the one without any, which leaves columns as they are."""
    if made.__dict__.get("func") is not None:
        raise UnfitError(problem="its pipeline calls a function, which is not read from a pickle")
    return parts.features(made)


def span(builder: Builder, given: Recipe) -> slice:
    """Make a slice of whole numbers."""
    bounds = [builder.value(part) for part in stateless(given)]
    expect(len(bounds) == 3 and all(part is None or type(part) is int for part in bounds), "a slice")  # noqa: PLR2004
    return slice(*bounds)


def columns(builder: Builder, given: Recipe) -> Any:
    """Make a plain list out of the list of columns that releases 1.5 to 1.6 wrapped."""
    state = state_of(given)
    expect(type(state) is dict and type(state.get("data")) is list, "a list of columns")
    return builder.value(state["data"])


def places(wanted: Any, names: Any, n_features: int) -> list[int]:
    """Give the numbers of the columns that are told by names, numbers, marks or a slice of numbers."""
    subject = "a transformer of columns"
    known = [] if names is None else names.tolist()
    if type(wanted) is slice:
        expect(all(type(part) in (int, type(None)) for part in (wanted.start, wanted.stop, wanted.step)), subject)
        return list(range(n_features))[wanted]
    if type(wanted) is np.ndarray:
        expect(wanted.ndim == 1, subject, "columns")
        wanted = wanted.tolist()
    if type(wanted) is not list:
        wanted = [wanted]
    if wanted and all(type(one) is bool for one in wanted):
        expect(len(wanted) == n_features, subject, "columns")
        return [place for place, one in enumerate(wanted) if one]
    if all(type(one) is str for one in wanted):
        expect(set(wanted) <= set(known), subject, "columns")
        return [known.index(one) for one in wanted]
    expect(all(type(one) is int and -n_features <= one < n_features for one in wanted), subject, "columns")
    return [one % n_features for one in wanted]


_WIDTHS: dict[str, Callable[[Any], int]] = {
    "StandardScaler": _standard,
    "MinMaxScaler": _minmax,
    "RobustScaler": _robust,
    "MaxAbsScaler": _maxabs,
    "SimpleImputer": _imputer,
    "VarianceThreshold": _variance,
    "SelectKBest": _best,
    "SelectPercentile": _best,
    "PCA": _principal,
    "FunctionTransformer": _nothing,
}
ENTRIES: tuple[Entry, ...] = (
    *(
        ("sklearn.preprocessing._data", name, parts.unchecked)
        for name in ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler")
    ),
    ("sklearn.preprocessing._function_transformer", "FunctionTransformer", parts.unchecked),
    ("sklearn.impute._base", "SimpleImputer", parts.unchecked),
    ("sklearn.feature_selection._variance_threshold", "VarianceThreshold", parts.unchecked),
    ("sklearn.feature_selection._univariate_selection", "SelectKBest", parts.unchecked),
    ("sklearn.feature_selection._univariate_selection", "SelectPercentile", parts.unchecked),
    ("sklearn.decomposition._pca", "PCA", parts.unchecked),
)
