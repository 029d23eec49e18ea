"""Every transformer that is known by itself, and how it is checked; those made of others stand with the members."""

from collections.abc import Callable
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.families.transforming import (
    filling,
    functions,
    projecting,
    scaling,
    selecting,
    widening,
)
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import expect

_CHECKS: dict[str, dict[str, Callable[[Any], int]]] = {
    "sklearn.preprocessing._data": {
        "StandardScaler": scaling.standard,
        "MinMaxScaler": scaling.minmax,
        "RobustScaler": scaling.robust,
        "MaxAbsScaler": scaling.maxabs,
        "QuantileTransformer": scaling.quantiles,
        "PowerTransformer": scaling.powers,
        "Normalizer": scaling.norms,
        "Binarizer": scaling.thresholds,
    },
    "sklearn.preprocessing._function_transformer": {"FunctionTransformer": functions.called},
    "sklearn.preprocessing._polynomial": {
        "PolynomialFeatures": widening.products,
        "SplineTransformer": widening.splines,
    },
    "sklearn.preprocessing._discretization": {"KBinsDiscretizer": widening.bins},
    "sklearn.preprocessing._encoders": {"OneHotEncoder": widening.one_hot, "OrdinalEncoder": widening.ordinal},
    "sklearn.impute._base": {"SimpleImputer": filling.simple, "MissingIndicator": filling.marks},
    "sklearn.impute._iterative": {"IterativeImputer": filling.in_rounds},
    "sklearn.impute._knn": {"KNNImputer": filling.nearest},
    "sklearn.feature_selection._variance_threshold": {"VarianceThreshold": selecting.by_variance},
    "sklearn.feature_selection._univariate_selection": dict.fromkeys(
        ("SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe", "GenericUnivariateSelect"),
        selecting.by_score,
    ),
    "sklearn.feature_selection._rfe": dict.fromkeys(("RFE", "RFECV"), selecting.by_marks),
    "sklearn.feature_selection._sequential": {"SequentialFeatureSelector": selecting.by_marks},
    "sklearn.decomposition._pca": {"PCA": projecting.principal},
    "sklearn.decomposition._incremental_pca": {"IncrementalPCA": projecting.principal},
    "sklearn.decomposition._truncated_svd": {"TruncatedSVD": projecting.singular},
    "sklearn.decomposition._fastica": {"FastICA": projecting.independent},
    "sklearn.random_projection": {"GaussianRandomProjection": projecting.singular},
    "sklearn.kernel_approximation": {"Nystroem": projecting.nystroem, "RBFSampler": projecting.cosines},
}
_WIDTHS = {name: check for checks in _CHECKS.values() for name, check in checks.items()} | {
    "LinearDiscriminantAnalysis": projecting.discriminant  # a member too, so that it is listed with those
}


def width(made: Any) -> int:
    """Check a fitted transformer and give the number of columns that it makes of its own."""
    check = _WIDTHS.get(type(made).__name__)
    expect(check is not None, "a pipeline", type(made).__name__)
    return check(made)  # type: ignore[misc] # expect() raised for None


ENTRIES: tuple[Entry, ...] = (
    *((module, name, parts.unchecked) for module, checks in _CHECKS.items() for name in checks),
    ("sklearn.linear_model._bayes", "BayesianRidge", parts.unchecked),  # within an imputer
)
