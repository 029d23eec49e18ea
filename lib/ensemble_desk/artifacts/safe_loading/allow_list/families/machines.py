"""Support vector machines in the allow-list: libsvm reads its arrays by lengths that must agree with each other."""

from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.families import parts
from ensemble_desk.artifacts.safe_loading.allow_list.families.parts import Entry
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import UnfitError, expect

_SUBJECT = "a support vector machine"
_KERNELS = ("linear", "poly", "rbf", "sigmoid")
_MOST_DEGREE = 100
_CACHE_MB = 200  # scikit-learn's own default; prediction uses none
_INT = np.dtype(np.int32)
_FLOAT = np.dtype(np.float64)


def machine(made: Any) -> None:
    """Check a machine of k classes: for each a number of vectors, for each pair one intercept and one sigmoid."""
    told = made.__dict__
    if "support_vectors_" not in told:
        return
    n_features, n_classes = parts.features(made), parts.classes(made)
    _check_kernel(made)
    vectors, counts, indices = told["support_vectors_"], told.get("_n_support"), told.get("support_")
    shape = np.shape(vectors)
    expect(len(shape) == 2 and shape[0] > 0, _SUBJECT, "vectors")  # noqa: PLR2004 - vectors and features
    for name, array, length in (("_n_support", counts, n_classes), ("support_", indices, shape[0])):
        expect(type(array) is np.ndarray and array.dtype == _INT and array.shape == (length,), _SUBJECT, name)
        expect((array >= 0).all(), _SUBJECT, name)
    expect(n_classes > 1 and int(counts.sum()) == shape[0], _SUBJECT, "vectors")
    n_pairs = n_classes * (n_classes - 1) // 2
    shapes = {
        "support_vectors_": (shape[0], n_features),
        "_dual_coef_": (n_classes - 1, shape[0]),
        "_intercept_": (n_pairs,),
    }
    for name in ("_probA", "_probB"):  # none without probabilities
        shapes[name] = (n_pairs,) if np.size(told.get("_probA")) else (0,)
    parts.held(made, shapes, _SUBJECT)
    for name in shapes:
        expect(told[name].dtype == _FLOAT, _SUBJECT, name)
        told[name] = np.ascontiguousarray(told[name])
    asked = told.get("probability") is True
    expect(asked or told.get("probability") in (False, "deprecated"), _SUBJECT, "probability")
    expect(not asked or told["_probA"].size, _SUBJECT, "probability")
    told["_effective_probability"] = asked  # of 1.9


def _check_kernel(made: Any) -> None:
    told = made.__dict__
    if told.get("kernel") not in _KERNELS:
        raise UnfitError(problem=f"its machine has another kernel than {', '.join(_KERNELS)}")
    if told.get("_sparse") is not False:
        raise UnfitError(problem="its machine was fitted on sparse features, which is not supported")
    degree = told.get("degree")
    expect(type(degree) is int and 0 <= degree <= _MOST_DEGREE, _SUBJECT, "degree")
    for name in ("_gamma", "coef0"):
        expect(parts.is_finite(told.get(name)), _SUBJECT, name)
    parts.one_of(made, "decision_function_shape", ("ovr", "ovo"), _SUBJECT)
    made.cache_size = _CACHE_MB


ENTRIES: tuple[Entry, ...] = (
    ("sklearn.svm._classes", "SVC", machine),
    ("sklearn.svm._classes", "NuSVC", machine),
)
