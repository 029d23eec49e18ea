"""What older releases of scikit-learn called or held otherwise: their states, brought to what this release reads."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import expect
from ensemble_desk.errors import extras

_State = dict[str, Any]
_RENAMED = (("base_estimator", "estimator"), ("base_estimator_", "estimator_"))  # until 1.1
_LOSSES = {"deviance": "log_loss", "log": "log_loss", "binary_crossentropy": "log_loss", "auto": "log_loss"}
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_MADE = "_name_to_fitted_passthrough"  # in 1.2 and 1.3 the transformer was kept beside the word


@functools.cache
def this_version() -> str:
    with extras.needed():
        from sklearn import __version__

    return str(__version__)


def renewed(kind: type, state: _State, version: object) -> type:
    """Bring the attributes of an estimator, in place, to those of this release; gives the class that answers alike.

    Parameters that the release did not have get the value that leaves things as they were: the default.
    """
    for before, now in _RENAMED:
        if before in state and now not in state:
            state[now] = state.pop(before)
    for name, value in _defaults(kind).items():
        state.setdefault(name, value)
    change = _CHANGES.get(kind.__name__)
    return change(kind, state, _release(version)) if change else kind


@functools.cache
def _defaults(kind: type) -> _State:
    start = kind.__init__  # type: ignore[misc] # asked of a class, not of an instance
    if not inspect.isfunction(start):
        return {}
    told = inspect.signature(start).parameters.values()
    return {one.name: one.default for one in told if one.default is not inspect.Parameter.empty}


def _release(version: object) -> tuple[int, int]:
    found = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _boosting(kind: type, state: _State, _release: tuple[int, int]) -> type:
    """Until 1.3 a boosting did not count its trees of one stage."""
    state["loss"] = _known_loss(state)
    n_classes = state.get("n_classes_")
    if type(n_classes) is int and "n_trees_per_iteration_" not in state:
        state["n_trees_per_iteration_"] = n_classes if n_classes > 2 else 1  # noqa: PLR2004 - two classes share a tree
    return kind


def _histogram(kind: type, state: _State, _release: tuple[int, int]) -> type:
    """Until 1.3 there was no encoding of categories before the bins."""
    state["loss"] = _known_loss(state)
    state.setdefault("_preprocessor", None)
    state.setdefault("_is_categorical_remapped", None)
    return kind


def _stochastic(kind: type, state: _State, _release: tuple[int, int]) -> type:
    state["loss"] = _known_loss(state)
    return kind


def _known_loss(state: _State) -> Any:
    loss = state.get("loss")
    return _LOSSES.get(loss, loss) if type(loss) is str else loss


def _logistic(kind: type, state: _State, release: tuple[int, int]) -> type:
    """Until 1.7 a regression could be one against the rest for three classes, and a softmax for two."""
    if release >= (1, 8) or "classes_" not in state:
        return kind
    if state.get("l1_ratio") is None:  # which a selection by its weights asks for
        state["l1_ratio"] = 0.0
    told = state.get("l1_ratio_")
    if type(told) is np.ndarray and told.dtype.kind == "O":
        state["l1_ratio_"] = np.zeros(told.shape)
    classes, rule = state["classes_"], state.get("multi_class", "auto")
    two = getattr(classes, "size", 0) <= 2  # noqa: PLR2004 - two classes share one row
    separate = rule == "ovr" or (rule != "multinomial" and (two or state.get("solver") == "liblinear"))
    if two and not separate:  # the softmax of -x and x is the logistic function of 2x
        for name in ("coef_", "intercept_"):
            expect(getattr(state.get(name), "dtype", None) in _FLOATS, "a regression", name)
            state[name] = 2 * state[name]
    if two or not separate:
        return kind
    with extras.needed():
        from ensemble_desk.artifacts.safe_loading.allow_list.families.older_estimators import OneAgainstRest

    return OneAgainstRest


def _adaptive(kind: type, state: _State, release: tuple[int, int]) -> type:
    """Until 1.5 an AdaBoost could vote by logarithms of probabilities, and until 1.2 its votes had no counterweight."""
    if release >= (1, 6):
        return kind
    with extras.needed():
        from ensemble_desk.artifacts.safe_loading.allow_list.families import older_estimators

    if state.get("algorithm") == "SAMME.R":
        return older_estimators.RealAdaBoost
    return older_estimators.PlainAdaBoost if release < (1, 3) else kind


def _marks(kind: type, state: _State, _release: tuple[int, int]) -> type:
    """Until 1.2 the marks inside of an imputer did not tell how many features they read."""
    if "_n_features" in state:
        state.setdefault("n_features_in_", state["_n_features"])
    return kind


def _imputer(kind: type, state: _State, _release: tuple[int, int]) -> type:
    if "_fit_dtype" in state:
        state.setdefault("_fill_dtype", state["_fit_dtype"])
    return kind


def _stacking(kind: type, state: _State, _release: tuple[int, int]) -> type:
    if "_le" in state:
        state.setdefault("_label_encoder", state["_le"])
    return kind


def _ridge(kind: type, state: _State, _release: tuple[int, int]) -> type:
    binarizer = state.get("_label_binarizer")
    if binarizer is not None and "classes_" not in dir(kind):
        state.setdefault("classes_", binarizer.__dict__.get("classes_"))
    return kind


def _against_rest(kind: type, state: _State, _release: tuple[int, int]) -> type:
    """Until 1.8 the classes were those of the binarizer alone."""
    binarizer = state.get("label_binarizer_")
    if binarizer is not None and "classes_" not in dir(kind):
        state.setdefault("classes_", binarizer.__dict__.get("classes_"))
    return kind


def _encoder(kind: type, state: _State, _release: tuple[int, int]) -> type:
    """Until 1.1 what is sparse had another name."""
    sparse = state.pop("sparse", None)
    if type(sparse) is bool:
        state["sparse_output"] = sparse
    return kind


def _columns(kind: type, state: _State, _release: tuple[int, int]) -> type:
    """Until 1.3 what passes through was a word, now it is a transformer that does nothing."""
    fitted = state.get("transformers_")
    if type(fitted) is not list or not any(map(_passes, fitted)):
        return kind
    with extras.needed():
        from sklearn.preprocessing import FunctionTransformer

    nothing, made = FunctionTransformer(accept_sparse=True, check_inverse=False), state.get(_MADE)
    known = made if type(made) is dict else {}
    state["transformers_"] = [(one[0], known.get(one[0], nothing), *one[2:]) if _passes(one) else one for one in fitted]
    return kind


def _passes(part: Any) -> bool:
    return type(part) is tuple and len(part) > 1 and type(part[1]) is str and part[1] == "passthrough"


_CHANGES: dict[str, Callable[[type, _State, tuple[int, int]], type]] = {
    "GradientBoostingClassifier": _boosting,
    "HistGradientBoostingClassifier": _histogram,
    "SGDClassifier": _stochastic,
    "LogisticRegression": _logistic,
    "LogisticRegressionCV": _logistic,
    "AdaBoostClassifier": _adaptive,
    "SimpleImputer": _imputer,
    "MissingIndicator": _marks,
    "StackingClassifier": _stacking,
    "ColumnTransformer": _columns,
    "RidgeClassifier": _ridge,
    "RidgeClassifierCV": _ridge,
    "OneVsRestClassifier": _against_rest,
    "OneHotEncoder": _encoder,
}
