"""The nodes of many trees as one table of plain arrays, and rows descending through it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
