"""What estimators keep from their training and never use again: its names are known, and nothing is made of it."""

from collections.abc import Iterator

_COMPILED = ("CyHalfMultinomialLoss", "CyHalfBinomialLoss", "CyExponentialLoss")
_LOSSES = (*_COMPILED, *(f"__pyx_unpickle_{name}" for name in _COMPILED))
_KEPT = {
    "sklearn._loss._loss": _LOSSES,
    "_loss": _LOSSES,  # releases 1.4 to 1.8 call it by its last name alone
    "sklearn.linear_model._sgd_fast": ("Log", "Hinge", "SquaredHinge", "ModifiedHuber"),
    "sklearn.neural_network._stochastic_optimizers": ("AdamOptimizer", "SGDOptimizer"),
    "sklearn.neighbors._kd_tree": ("newObj",),
    "sklearn.neighbors._ball_tree": ("newObj",),
    "sklearn.metrics._dist_metrics": ("newObj",),
    "sklearn.model_selection._split": (
        "KFold",
        "StratifiedKFold",
        "ShuffleSplit",
        "StratifiedShuffleSplit",
        "GroupKFold",
        "TimeSeriesSplit",
    ),
    "sklearn.metrics._scorer": (
        "_PassthroughScorer",
        "_Scorer",
        "_PredictScorer",
        "_ProbaScorer",
        "_ThresholdScorer",
        "_CurveScorer",
    ),
    "sklearn.utils._metadata_requests": ("MetadataRequest", "MethodMetadataRequest"),
    "numpy.ma.core": ("_mareconstruct",),
    "sklearn.compose._column_transformer": ("make_column_selector",),  # the columns that it chose are stored beside
}
_ARGUMENTS = {
    "sklearn._loss.link": ("Interval", "IdentityLink", "LogLink", "LogitLink", "HalfLogitLink", "MultinomialLogit"),
    "sklearn.neighbors._kd_tree": ("KDTree",),
    "sklearn.neighbors._ball_tree": ("BallTree",),
    "sklearn.metrics._dist_metrics": tuple(
        f"{name}Distance{bits}"
        for name in ("Euclidean", "Manhattan", "Chebyshev", "Minkowski")
        for bits in ("", "64", "32")
    ),
    "sklearn.metrics._scorer": ("_passthrough_scorer",),
    "sklearn.metrics._classification": (
        "accuracy_score",
        "balanced_accuracy_score",
        "f1_score",
        "precision_score",
        "recall_score",
        "matthews_corrcoef",
        "log_loss",
        "brier_score_loss",
    ),
    "sklearn.metrics._ranking": ("roc_auc_score",),
    "numpy": ("number", "floating", "integer", "bool_", "object_"),
    "scipy._lib.array_api_compat.numpy._aliases": ("asarray",),
    "numpy.ma": ("MaskedArray",),
    "numpy.ma.core": ("MaskedArray",),
}


def kept() -> Iterator[tuple[str, str]]:
    """Give the names of what is kept as a value."""
    yield from _pairs(_KEPT)


def arguments() -> Iterator[tuple[str, str]]:
    """Give the names that only stand as arguments or parts of what is left out."""
    yield from _pairs(_ARGUMENTS)


def _pairs(names: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for module, several in names.items():
        for name in several:
            yield module, name
