"""From fitted scikit-learn estimators to forests of plain arrays."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat.forest import BOOSTING, FOREST, FlatForest
from ensemble_desk.ensemble.flat.node_table import FlatTrees
from ensemble_desk.errors import IncompatibleArtifactError

_LEAF = -1
_MOST_FEATURES = 2**15 - 1


def flatten(estimator: Any, *, classes: Sequence[Any], covers: bool = False) -> FlatForest:
    """Copy a fitted RandomForestClassifier, ExtraTreesClassifier or GradientBoostingClassifier into arrays.

    ``classes`` are the class numbers of its columns, in order. What is flat already only gets them.
    With ``covers`` the trees keep the weights of their leaves, which explanations need where the estimator is not kept.

    Raises
    ------
    IncompatibleArtifactError
        For any other estimator, several outputs, another loss than log-loss, or boosting that starts from anything but
        the class prior.
    """
    if isinstance(estimator, FlatForest):
        return replace(estimator, classes=tuple(classes))
    kind = type(estimator).__name__
    names = getattr(estimator, "feature_names_in_", None)
    read = int(estimator.n_features_in_) if hasattr(estimator, "n_features_in_") else 0
    told = None if names is None else tuple(str(name) for name in names)
    if not 0 < read <= _MOST_FEATURES:
        raise _formless(kind)
    if kind in {"RandomForestClassifier", "ExtraTreesClassifier"} and estimator.n_outputs_ == 1:
        trees = _stack([tree.tree_ for tree in estimator.estimators_], shares=True, covers=covers)
        return FlatForest(FOREST, trees, tuple(classes), np.zeros(0), 1.0, read, told)
    if kind == "GradientBoostingClassifier" and estimator.loss == "log_loss" and _starts_from_prior(estimator):
        trees = _stack([tree.tree_ for tree in estimator.estimators_.ravel()], shares=False, covers=covers)
        # scikit-learn offers no public name for the score every row starts from
        start = np.asarray(estimator._raw_predict_init(np.zeros((1, read), dtype=np.float32))[0], float)  # noqa: SLF001
        return FlatForest(BOOSTING, trees, tuple(classes), start, float(estimator.learning_rate), read, told)
    raise _formless(kind)


def _starts_from_prior(estimator: Any) -> bool:
    return estimator.init == "zero" or type(estimator.init_).__name__ == "DummyClassifier"


def _formless(kind: str) -> IncompatibleArtifactError:
    return IncompatibleArtifactError(kind, "only random forests, extra trees and gradient boosting have a serving form")


def _stack(trees: Sequence[Any], *, shares: bool, covers: bool) -> FlatTrees:
    sizes = [tree.node_count for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    left, right = _column(trees, "children_left"), _column(trees, "children_right")
    is_leaf = left == _LEAF
    offset, own = np.repeat(roots, sizes), np.arange(len(is_leaf))
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])[is_leaf]
    return FlatTrees(
        feature=np.where(is_leaf, 0, _column(trees, "feature")).astype(np.int16),
        threshold=_rounded_down(np.where(is_leaf, 0.0, _column(trees, "threshold"))),
        left=np.where(is_leaf, own, left + offset).astype(np.int32),
        right=np.where(is_leaf, own, right + offset).astype(np.int32),
        missing_left=_column(trees, "missing_go_to_left").astype(bool),
        values=values / values.sum(axis=1, keepdims=True) if shares else values,
        roots=roots,
        depth=max(tree.max_depth for tree in trees),
        cover=_column(trees, "weighted_n_node_samples")[is_leaf] if covers else None,
    )


def _column(trees: Sequence[Any], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(tree, name) for tree in trees])


def _rounded_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Round to the float32 at or below: a float32 value is at most one exactly when it is at most the other."""
    with np.errstate(over="ignore"):
        rounded = threshold.astype(np.float32)
    above = rounded > threshold
    rounded[above] = np.nextafter(rounded[above], np.float32(-np.inf))
    return rounded
