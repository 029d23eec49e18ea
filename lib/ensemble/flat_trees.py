"""Forests as plain arrays: the same probabilities as scikit-learn's estimators, without scikit-learn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.ensemble.votes import Probabilities
from lib.errors import IncompatibleArtifactError

LEAF = -1
BLOCK_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class FlatTrees:
    """Every node of every tree in one table of m nodes; `left`, `right` and `roots` are row numbers of it.

    Attributes
    ----------
    feature : shape (m,), column compared at the node, -1 at a leaf.
    threshold : shape (m,); a row goes left when its float32 value is at most this.
    left, right : shape (m,); a leaf points to itself, so that descending past it stays there.
    missing_left : shape (m,), where a NaN goes.
    values : shape (m, c), the class shares of a forest's node or the single value of a boosting tree.
    roots : shape (n_trees,).
    depth : steps from a root to the deepest leaf.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]
    roots: NDArray[np.int32]
    depth: int

    def leaves(self, X: NDArray[np.float32]) -> NDArray[np.intp]:
        """Leaf that each row reaches in each tree, shape (n, n_trees), for X of shape (n, n_features)."""
        rows = np.arange(len(X))[:, None]
        node = np.repeat(self.roots[None, :].astype(np.intp), len(X), axis=0)
        has_nan = bool(np.isnan(X).any())
        for _ in range(self.depth):
            x = X[rows, self.feature[node]]
            goes_left = x <= self.threshold[node]
            if has_nan:
                goes_left = np.where(np.isnan(x), self.missing_left[node], goes_left)
            node = np.where(goes_left, self.left[node], self.right[node])
        return node


@dataclass(frozen=True, slots=True, eq=False)
class FlatForest:
    """A random forest (leaf shares averaged) or gradient boosting (leaf scores summed, then softmax).

    `start` (shape (n_classes,)) and `rate` belong to boosting; `classes` are the known class numbers in column order.
    """

    kind: str
    trees: FlatTrees
    classes: tuple[int, ...]
    start: NDArray[np.float64]
    rate: float

    def predict_proba(self, X: NDArray[np.floating[Any]]) -> Probabilities:
        """Probabilities of the known classes, shape (n, len(classes)), for X of shape (n, n_features)."""
        rounded = np.ascontiguousarray(X, dtype=np.float32)
        blocks = [self._block(rounded[at : at + BLOCK_ROWS]) for at in range(0, len(rounded), BLOCK_ROWS)]
        return np.concatenate(blocks) if blocks else np.empty((0, len(self.classes)))

    def _block(self, X: NDArray[np.float32]) -> Probabilities:
        reached = self.trees.values[self.trees.leaves(X)]  # (n, n_trees, c)
        if self.kind == "forest":
            return np.asarray(reached.mean(axis=1))
        n_raw = len(self.start)
        raw = self.start + self.rate * reached[:, :, 0].reshape(len(X), -1, n_raw).sum(axis=1)
        return _boosted_probabilities(raw)


def _boosted_probabilities(raw: NDArray[np.float64]) -> Probabilities:
    if raw.shape[1] == 1:  # two classes share one raw score
        positive = 1.0 / (1.0 + np.exp(-raw[:, 0]))
        return np.column_stack([1.0 - positive, positive])
    grown = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def flatten(estimator: Any, *, classes: Sequence[int]) -> FlatForest:
    """Copy a fitted RandomForestClassifier, ExtraTreesClassifier or GradientBoostingClassifier into arrays.

    Raises
    ------
    IncompatibleArtifactError
        For any other estimator, or boosting that starts from anything but the class prior.
    """
    kind = type(estimator).__name__
    if kind in {"RandomForestClassifier", "ExtraTreesClassifier"}:
        trees = _stack([tree.tree_ for tree in estimator.estimators_], shares=True)
        return FlatForest("forest", trees, tuple(classes), np.zeros(0), 1.0)
    if kind == "GradientBoostingClassifier":
        trees = _stack([tree.tree_ for tree in estimator.estimators_.ravel()], shares=False)
        # scikit-learn offers no public name for the score every row starts from.
        start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))[0]  # noqa: SLF001
        return FlatForest("boosting", trees, tuple(classes), np.asarray(start, float), float(estimator.learning_rate))
    raise IncompatibleArtifactError(kind, "only random forests, extra trees and gradient boosting have a serving form")


def _stack(trees: Sequence[Any], *, shares: bool) -> FlatTrees:
    sizes = [tree.node_count for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    feature = np.concatenate([tree.feature for tree in trees]).astype(np.int32)
    leaf = np.concatenate([tree.children_left for tree in trees]) == LEAF
    offset = np.repeat(roots, sizes)
    own = np.arange(len(leaf), dtype=np.int32)
    left = np.where(leaf, own, np.concatenate([tree.children_left for tree in trees]) + offset)
    right = np.where(leaf, own, np.concatenate([tree.children_right for tree in trees]) + offset)
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])
    return FlatTrees(
        feature=np.where(leaf, 0, feature).astype(np.int32),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        missing_left=np.concatenate([tree.missing_go_to_left for tree in trees]).astype(bool),
        values=values / values.sum(axis=1, keepdims=True) if shares else values,
        roots=roots,
        depth=max(tree.max_depth for tree in trees),
    )


def to_state(forest: FlatForest) -> dict[str, Any]:
    """Plain arrays and numbers that `from_state` turns back into the same forest."""
    trees = forest.trees
    return {
        "kind": forest.kind,
        "classes": list(forest.classes),
        "start": forest.start,
        "rate": forest.rate,
        "depth": trees.depth,
        **{name: getattr(trees, name) for name in _ARRAYS},
    }


_ARRAYS = ("feature", "threshold", "left", "right", "missing_left", "values", "roots")


def from_state(state: Mapping[str, Any]) -> FlatForest:
    """Rebuild what `to_state` gave."""
    arrays = {name: state[name] for name in _ARRAYS}
    trees = FlatTrees(**arrays, depth=int(state["depth"]))
    known = tuple(int(number) for number in state["classes"])
    return FlatForest(str(state["kind"]), trees, known, np.asarray(state["start"], float), float(state["rate"]))
