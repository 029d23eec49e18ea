"""Forests as plain arrays: the same probabilities as scikit-learn's estimators, without scikit-learn."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat import compiled
from ensemble_desk.ensemble.flat.compiled import CompiledTrees
from ensemble_desk.ensemble.votes import Probabilities

FOREST, BOOSTING = "forest", "boosting"
BLOCK_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class FlatTrees:
    """Every node of every tree in one table of m nodes; `left`, `right` and `roots` are row numbers of it.

    Attributes
    ----------
    feature : shape (m,), column compared at the node; 0 at a leaf.
    threshold : shape (m,), float32; a row goes left when its float32 value is at most this.
    left, right : shape (m,); a leaf points to itself, so that descending past it stays there.
    missing_left : shape (m,), whether a NaN goes left.
    values : shape (n_leaves, c) in the order of the leaves' row numbers: the class shares of a forest's leaf, or the
        single value of a boosting tree's.
    roots : shape (n_trees,).
    depth : steps from a root to the deepest leaf.
    leaf_numbers : shape (m,), which row of `values` belongs to a leaf; follows from the others.
    columns, children : `feature`, and `right` followed by `left`, as numpy takes indices fastest; follow as well.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]
    roots: NDArray[np.int32]
    depth: int
    leaf_numbers: NDArray[np.intp] = field(init=False)
    columns: NDArray[np.intp] = field(init=False)
    children: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", self.feature.astype(np.intp))
        object.__setattr__(self, "children", np.concatenate([self.right, self.left]).astype(np.intp))
        is_leaf = self.left == np.arange(len(self.left))
        object.__setattr__(self, "leaf_numbers", np.cumsum(is_leaf, dtype=np.intp) - 1)

    def leaves(self, X: NDArray[np.float32]) -> NDArray[np.signedinteger[Any]]:
        """Leaf that each row reaches in each tree, shape (n_trees, n), for X of shape (n, n_features)."""
        if len(X) == 1:
            return self._leaves_of(X[0])[:, None]
        node = np.repeat(self.roots[:, None].astype(np.intp), len(X), axis=1)
        cells, row_starts, n_nodes = X.ravel(), np.arange(len(X)) * X.shape[1], len(self.left)
        has_nan = bool(np.isnan(X).any())
        for _ in range(self.depth):
            x = cells.take(row_starts + self.columns.take(node))
            goes_left = x <= self.threshold.take(node)
            if has_nan:
                goes_left = np.where(np.isnan(x), self.missing_left.take(node), goes_left)
            node = self.children.take(node + goes_left * n_nodes)
        return node

    def _leaves_of(self, row: NDArray[np.float32]) -> NDArray[np.int32]:
        """Leaf that one row reaches in each tree, shape (n_trees,).

        Every node is decided first, also those that the row never comes by, which leaves one step for each level of the
        trees: for a single row that takes a third of the time (measured).
        """
        x = row.take(self.columns)
        goes_left = x <= self.threshold
        if np.isnan(row.min()):
            goes_left = np.where(np.isnan(x), self.missing_left, goes_left)
        following = np.where(goes_left, self.left, self.right)
        node = self.roots
        for _ in range(self.depth):
            node = following.take(node)
        return node

    def totals(self, X: NDArray[np.float32], *, n_groups: int) -> NDArray[np.float64]:
        """Sum the values of the leaves over every ``n_groups``-th tree, shape (n_groups, n, c)."""
        if not len(X):
            return np.zeros((n_groups, 0, self.values.shape[1]))
        if len(X) <= BLOCK_ROWS:
            return self._totals(X, n_groups)
        blocks = [self._totals(X[at : at + BLOCK_ROWS], n_groups) for at in range(0, len(X), BLOCK_ROWS)]
        return np.concatenate(blocks, axis=1)

    def _totals(self, X: NDArray[np.float32], n_groups: int) -> NDArray[np.float64]:
        reached = self.values.take(self.leaf_numbers.take(self.leaves(X)), axis=0)  # (n_trees, n, c)
        grouped = reached.reshape(-1, n_groups, *reached.shape[1:])
        # one tree after the other, as compiled trees are summed: numpy would add a single column in pairs
        return np.asarray(grouped.cumsum(axis=0)[-1] if grouped[0].size == 1 else grouped.sum(axis=0))


@dataclass(slots=True, eq=False)
class FlatForest:
    """A random forest (leaf shares averaged) or gradient boosting (leaf scores summed, then softmax).

    It answers to the names that scikit-learn's fitted classifiers have. Few rows descend through the arrays; many go
    through scikit-learn's compiled trees, built from the same arrays, once that is cheaper. Both reach the same leaves,
    so that a forecast does not depend on how many rows were asked with it.

    Attributes
    ----------
    kind : ``forest`` or ``boosting``.
    classes : the known class numbers in column order.
    start : shape (n_scores,), what every row's scores begin at; `rate` scales the trees'. Both belong to boosting.
    feature_names : columns in order; None when it was fitted on a nameless array.
    """

    kind: str
    trees: FlatTrees
    classes: tuple[int, ...]
    start: NDArray[np.float64]
    rate: float
    n_features_in_: int
    feature_names: tuple[str, ...] | None = None
    _compiled: CompiledTrees | None = None

    @property
    def classes_(self) -> NDArray[np.int64]:
        return np.array(self.classes)

    @property
    def feature_names_in_(self) -> NDArray[np.object_] | None:
        return None if self.feature_names is None else np.array(self.feature_names, dtype=object)

    def predict_proba(self, X: Any) -> Probabilities:
        """Probabilities of the known classes, shape (n, len(classes)), for X of shape (n, n_features).

        Raises
        ------
        ValueError
            As scikit-learn does: for another number of columns, and for a value that float32 cannot hold.
        """
        given = np.asarray(X, dtype=float)
        if given.ndim != 2 or given.shape[1] != self.n_features_in_:  # noqa: PLR2004 - rows and columns
            message = f"X has the shape {given.shape}, but {self.n_features_in_} features are needed"
            raise ValueError(message)
        with np.errstate(over="ignore"):
            rounded = np.ascontiguousarray(given, dtype=np.float32)
        if np.isinf(rounded).any():
            message = "X holds a value that is too large for float32"
            raise ValueError(message)
        if self.kind == FOREST:
            return np.asarray(self._totals(rounded, 1)[0] / len(self.trees.roots))
        return _boosted_probabilities(self.start + self.rate * self._totals(rounded, len(self.start))[:, :, 0].T)

    def _totals(self, X: NDArray[np.float32], n_groups: int) -> NDArray[np.float64]:
        if self._compiled is None and compiled.pays(len(X)):
            self._compiled = compiled.build(self.trees, n_features=self.n_features_in_)
        if self._compiled is not None and len(X) > compiled.FEW_ROWS:
            return self._compiled.totals(X, n_groups=n_groups)
        return self.trees.totals(X, n_groups=n_groups)


def _boosted_probabilities(raw: NDArray[np.float64]) -> Probabilities:
    if raw.shape[1] == 1:  # two classes share one raw score
        positive = 1.0 / (1.0 + np.exp(-raw[:, 0]))
        return np.column_stack([1.0 - positive, positive])
    grown = np.exp(raw - raw.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))
