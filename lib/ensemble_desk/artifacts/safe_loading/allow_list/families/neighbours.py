"""Nearest neighbours in the allow-list: the rows of training are kept, their search tree is grown anew."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError, expect
from ensemble_desk.errors import extras

_SUBJECT = "a classifier by neighbours"
_METRICS = ("minkowski", "euclidean", "manhattan", "chebyshev", "cityblock", "l1", "l2")
_SEARCHES = ("brute", "kd_tree", "ball_tree")


def neighbours(made: Any) -> None:
    """Check the rows and their classes; the compiled tree follows from them, so that nothing of the file's is used."""
    parts.single_threaded(made)
    if "_fit_X" not in made.__dict__:
        return
    told = made.__dict__
    n_features, n_classes = parts.features(made), parts.classes(made)
    rows, numbers = told["_fit_X"], told.get("_y")
    expect(type(rows) is np.ndarray and rows.ndim == 2, _SUBJECT, "rows")  # noqa: PLR2004 - rows and columns
    expect(rows.shape[1] == n_features and rows.dtype.kind in "fiu", _SUBJECT, "rows")
    parts.floats(rows if rows.dtype.kind == "f" else rows.astype(float), rows.shape, _SUBJECT, "rows")
    expect(type(numbers) is np.ndarray and numbers.shape == rows.shape[:1], _SUBJECT, "classes")
    expect(numbers.dtype == np.intp, _SUBJECT, "classes")
    expect(((numbers >= 0) & (numbers < n_classes)).all(), _SUBJECT, "classes")
    expect(told.get("outputs_2d_") is False, _SUBJECT, "outputs")
    expect(parts.count(made, "n_neighbors") <= parts.count(made, "n_samples_fit_") == len(rows), _SUBJECT, "neighbours")
    expect(type(made.n_neighbors) is int, _SUBJECT, "neighbours")
    if type(told.get("weights")) is not str:
        raise UnfitError(problem="its neighbours are weighed by a function, which is not read from a pickle")
    parts.one_of(made, "weights", ("uniform", "distance"), _SUBJECT)
    _check_metric(made)
    made._tree = _tree(made, rows)  # noqa: SLF001 - scikit-learn's own name for it


def _check_metric(made: Any) -> None:
    told = made.__dict__
    if told.get("metric") not in _METRICS or told.get("metric_params") is not None:
        raise UnfitError(problem=f"its neighbours are found by other distances than {', '.join(_METRICS)}")
    parts.one_of(made, "effective_metric_", _METRICS, _SUBJECT)
    given = told.get("effective_metric_params_")
    expect(type(given) is dict and given.keys() <= {"p", "w"} and given.get("w") is None, _SUBJECT, "distance")
    powers = [power for power in (given.get("p"), told.get("p")) if power is not None]
    expect(all(parts.is_finite(power) and power >= 1 for power in powers), _SUBJECT, "distance")


def _tree(made: Any, rows: Any) -> Any:
    search = parts.one_of(made, "_fit_method", _SEARCHES, _SUBJECT)
    if search == "brute":
        return None
    with extras.needed():
        from sklearn.neighbors import BallTree, KDTree

    grown = KDTree if search == "kd_tree" else BallTree
    leaf_size = parts.count(made, "leaf_size")
    return grown(rows, leaf_size, metric=made.effective_metric_, **made.effective_metric_params_)


ENTRIES: tuple[Entry, ...] = (("sklearn.neighbors._classification", "KNeighborsClassifier", neighbours),)
