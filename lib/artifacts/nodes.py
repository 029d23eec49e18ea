"""The nodes of decision trees: every index inside its tree, every number finite, checked for all trees at once.

scikit-learn's compiled prediction follows these indices without looking: a child outside of the array is read from
foreign memory, a child before its parent never ends.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lib.artifacts.recipes import MalformedError

TreeArrays = tuple[NDArray[Any], NDArray[Any], int]  # nodes (n,), values (n, 1, n_classes), n_features

_LEAF = -1
_SUM_TOLERANCE = 1e-6


def check(trees: Sequence[TreeArrays]) -> None:
    """Check the trees of every forest of one artifact; raises MalformedError about the first that is damaged."""
    if not trees:
        return
    sizes = np.array([len(tree[0]) for tree in trees])
    offsets = np.repeat(np.cumsum(sizes) - sizes, sizes)
    position = np.arange(sizes.sum()) - offsets
    left, right, feature, threshold = (
        np.concatenate([tree[0][name] for tree in trees])
        for name in ("left_child", "right_child", "feature", "threshold")
    )
    size = np.repeat(sizes, sizes)
    n_features = np.repeat([tree[2] for tree in trees], sizes)
    leaf = left == _LEAF
    inner = ~leaf
    _expect((right[leaf] == _LEAF).all(), "a leaf has a child")
    for child in (left, right):
        fits = (child > position) & (child < size)
        _expect(fits[inner].all(), "a child is outside of its tree or before its parent")
    _expect(((feature >= 0) & (feature < n_features))[inner].all(), "a node asks for a feature that is not there")
    _expect(not np.isnan(threshold[inner]).any(), "a threshold is no number")
    _check_values([tree[1] for tree in trees])


def check_predictor(nodes: NDArray[Any], *, n_features: int) -> None:
    """Check one tree of a histogram gradient boosting (nodes as its predictor stores them)."""
    position = np.arange(len(nodes))
    inner = nodes["is_leaf"] == 0
    _expect(len(nodes) > 0, "a tree is empty")
    _expect((nodes["is_leaf"] <= 1).all(), "a leaf mark is neither 0 nor 1")
    _expect(not nodes["is_categorical"][inner].any(), "a node splits by category, which is not supported")
    for name in ("left", "right"):
        child = nodes[name].astype(np.int64)
        fits = (child > position) & (child < len(nodes))
        _expect(fits[inner].all(), "a child is outside of its tree or before its parent")
    feature = nodes["feature_idx"]
    _expect(((feature >= 0) & (feature < n_features))[inner].all(), "a node asks for a feature that is not there")
    _expect(not np.isnan(nodes["num_threshold"][inner]).any(), "a threshold is no number")
    _expect(np.isfinite(nodes["value"]).all(), "a value is not finite")


def _check_values(values: Sequence[NDArray[Any]]) -> None:
    widths = {array.shape[2] for array in values}
    for width in widths:
        together = np.concatenate([array[:, 0, :] for array in values if array.shape[2] == width])
        _expect(np.isfinite(together).all(), "a value is not finite")
        if width > 1:  # classes: each node holds their shares
            sums = together.sum(axis=1)
            _expect((together >= 0).all() and (abs(sums - 1) < _SUM_TOLERANCE).all(), "shares of classes are not 1")


def _expect(holds: object, problem: str) -> None:
    if not holds:
        raise MalformedError(problem=f"in a decision tree {problem}")
