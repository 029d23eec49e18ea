"""Many rows through many trees: scikit-learn's compiled trees, built from the arrays of a flat forest."""

import importlib.util
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat.node_table import FlatTrees
from ensemble_desk.errors import extras

FEW_ROWS = 12  # up to here descending through arrays takes less than a call for each tree (measured: 10 to 16)
_ROWS_THAT_PAY_AN_IMPORT = 10_000  # importing scikit-learn cold takes about as long as descending this many
_LEAF, _UNUSED = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class CompiledTrees:
    """One compiled tree for each root of the flat trees; each gives values of shape (n, c)."""

    trees: tuple[Any, ...]
    n_values: int

    def totals(self, X: NDArray[np.float32], *, n_groups: int) -> NDArray[np.float64]:
        """Sum the values of the leaves over every ``n_groups``-th tree, shape (n_groups, n, c)."""
        totals = np.zeros((n_groups, len(X), self.n_values))
        for number, tree in enumerate(self.trees):
            totals[number % n_groups] += tree.predict(X).reshape(len(X), self.n_values)
        return totals


def pays(n_rows: int) -> bool:
    """Tell whether so many rows are worth compiled trees, and the import where scikit-learn is not there yet."""
    if "sklearn.tree" in sys.modules:
        return n_rows > FEW_ROWS
    return n_rows >= _ROWS_THAT_PAY_AN_IMPORT and importlib.util.find_spec("sklearn") is not None


def build(flat: FlatTrees, *, n_features: int) -> CompiledTrees:
    """Build the trees from nodes and leaf values."""
    with extras.needed():
        from sklearn.tree._tree import NODE_DTYPE, Tree

    n_values = flat.values.shape[1]
    is_leaf = flat.left == np.arange(len(flat.left))
    starts = [*flat.roots.tolist(), len(is_leaf)]
    offset = np.repeat(flat.roots, np.diff(starts))
    nodes = np.zeros(len(is_leaf), dtype=NODE_DTYPE)
    nodes["left_child"] = np.where(is_leaf, _LEAF, flat.left - offset)
    nodes["right_child"] = np.where(is_leaf, _LEAF, flat.right - offset)
    nodes["feature"] = np.where(is_leaf, _UNUSED, flat.feature)
    nodes["threshold"] = flat.threshold
    nodes["missing_go_to_left"] = flat.missing_left
    values = np.zeros((len(is_leaf), 1, n_values))
    values[is_leaf, 0] = flat.values
    trees = []
    for begin, end in pairwise(starts):
        tree = Tree(n_features, np.full(1, n_values, dtype=np.intp), 1)
        held = {"nodes": nodes[begin:end], "values": values[begin:end]}
        tree.__setstate__({"max_depth": flat.depth, "node_count": end - begin, **held})
        trees.append(tree)
    return CompiledTrees(tuple(trees), n_values)
