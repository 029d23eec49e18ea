"""The nodes of many trees as one table of plain arrays, and rows descending through it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 256
_ZERO = 1e-35  # up to here LightGBM, the only one that takes zeros for missing, calls a number zero


@dataclass(frozen=True, slots=True, eq=False)
class FlatTrees:
    """Every node of every tree in one table of m nodes; `left`, `right` and `roots` are row numbers of it.

    Attributes
    ----------
    feature : shape (m,), column compared at the node; 0 at a leaf.
    threshold : shape (m,), float32 or float64; a row goes left when its value, rounded to that type, is at most this.
    left, right : shape (m,); a leaf points to itself, so that descending past it stays there.
    missing_left : shape (m,), whether a NaN goes left.
    values : shape (n_leaves, c) in the order of the leaves' row numbers: the class shares of a forest's leaf, or what
        a boosting tree's adds to one score, or to each; float32 where its library adds up in float32.
    roots : shape (n_trees,).
    depth : steps from a root to the deepest leaf.
    zero_missing : shape (m,), whether a zero counts as missing at the node; None when it never does.
    cover : shape (n_leaves,), the weight of the rows that each leaf was learnt from; None when it is not known.
    leaf_numbers : shape (m,), which row of `values` belongs to a leaf; follows from the others.
    columns, children : `feature`, and `right` followed by `left`, as numpy takes indices fastest; follow as well.
    """

    feature: NDArray[np.int16]
    threshold: NDArray[np.floating[Any]]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.floating[Any]]
    roots: NDArray[np.int32]
    depth: int
    zero_missing: NDArray[np.bool_] | None = None
    cover: NDArray[np.float64] | None = None
    leaf_numbers: NDArray[np.intp] = field(init=False)
    columns: NDArray[np.intp] = field(init=False)
    children: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", self.feature.astype(np.intp))
        object.__setattr__(self, "children", np.concatenate([self.right, self.left]).astype(np.intp))
        is_leaf = self.left == np.arange(len(self.left))
        object.__setattr__(self, "leaf_numbers", np.cumsum(is_leaf, dtype=np.intp) - 1)

    def leaves(self, X: NDArray[np.floating[Any]]) -> NDArray[np.signedinteger[Any]]:
        """Leaf that each row reaches in each tree, shape (n_trees, n), for X of shape (n, n_features)."""
        if len(X) == 1:
            return self._leaves_of(X[0])[:, None]
        node = np.repeat(self.roots[:, None].astype(np.intp), len(X), axis=1)
        cells, row_starts, n_nodes = X.ravel(), np.arange(len(X)) * X.shape[1], len(self.left)
        has_nan = bool(np.isnan(X).any())
        for _ in range(self.depth):
            x = cells.take(row_starts + self.columns.take(node))
            goes_left = x <= self.threshold.take(node)
            if self.zero_missing is not None:
                goes_left = np.where(
                    _is_zero(x) & self.zero_missing.take(node), self.missing_left.take(node), goes_left
                )
            if has_nan:
                goes_left = np.where(np.isnan(x), self.missing_left.take(node), goes_left)
            node = self.children.take(node + goes_left * n_nodes)
        return node

    def _leaves_of(self, row: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
        """Leaf that one row reaches in each tree, shape (n_trees,).

        Every node is decided first, also those that the row never comes by, which leaves one step for each level of the
        trees: for a single row that takes a third of the time (measured).
        """
        following, node = self.following(row), self.roots
        for _ in range(self.depth):
            node = following.take(node)
        return node

    def following(self, row: NDArray[np.floating[Any]]) -> NDArray[np.int32]:
        """Node that one row goes to from each node, shape (m,); from a leaf it goes nowhere."""
        x = row.take(self.columns)
        goes_left = x <= self.threshold
        if self.zero_missing is not None:
            goes_left = np.where(_is_zero(x) & self.zero_missing, self.missing_left, goes_left)
        if np.isnan(row.min()):
            goes_left = np.where(np.isnan(x), self.missing_left, goes_left)
        return np.where(goes_left, self.left, self.right)

    def totals(self, X: NDArray[np.floating[Any]], *, n_groups: int) -> NDArray[np.float64]:
        """Sum the values of the leaves over every ``n_groups``-th tree, shape (n_groups, n, c)."""
        if not len(X):
            return np.zeros((n_groups, 0, self.values.shape[1]))
        if len(X) <= BLOCK_ROWS:
            return self._totals(X, n_groups)
        blocks = [self._totals(X[at : at + BLOCK_ROWS], n_groups) for at in range(0, len(X), BLOCK_ROWS)]
        return np.concatenate(blocks, axis=1)

    def scores(self, X: NDArray[np.floating[Any]], *, start: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Scores of shape (n, n_scores): what each starts at, then one tree after the other in the values' own type."""
        begun = start.astype(self.values.dtype)
        blocks = [self._scores(X[at : at + BLOCK_ROWS], begun) for at in range(0, len(X), BLOCK_ROWS)]
        return np.concatenate(blocks) if blocks else np.zeros((0, len(start)), dtype=self.values.dtype)

    def _scores(self, X: NDArray[np.floating[Any]], start: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        reached = self.values.take(self.leaf_numbers.take(self.leaves(X)), axis=0)  # (n_trees, n, c)
        by_round = reached.reshape(-1, len(start) // reached.shape[2], *reached.shape[1:])
        added = np.moveaxis(by_round, 1, 2).reshape(len(by_round), len(X), len(start))
        begun = np.broadcast_to(start, (1, *added.shape[1:]))
        return np.asarray(np.concatenate([begun, added]).cumsum(axis=0, dtype=added.dtype)[-1])

    def _totals(self, X: NDArray[np.floating[Any]], n_groups: int) -> NDArray[np.float64]:
        reached = self.values.take(self.leaf_numbers.take(self.leaves(X)), axis=0)  # (n_trees, n, c)
        grouped = reached.reshape(-1, n_groups, *reached.shape[1:])
        # one tree after the other, as compiled trees are summed: numpy would add a single column in pairs
        return np.asarray(grouped.cumsum(axis=0)[-1] if grouped[0].size == 1 else grouped.sum(axis=0))


def _is_zero(x: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    return np.asarray(np.abs(x) <= _ZERO)
