"""The nodes of decision trees: every index inside its tree, every number finite, checked for many trees at once.

scikit-learn's compiled prediction follows these indices without looking: a child outside of the array is read from
foreign memory, a child before its parent never ends.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError

TreeArrays = tuple[NDArray[Any], NDArray[Any], int, int]  # nodes (n,), values (n, 1, n_classes), n_features, n_classes

_LEAF = -1
_SUM_TOLERANCE = 1e-6
_CHILD = "a child is outside of its tree or before its parent"


def check(trees: Sequence[TreeArrays]) -> None:
    """Check several trees together; raises MalformedError when one is damaged."""
    if not trees:
        return
    parts: list[Any] = [tree[0] for tree in trees]
    together = np.frombuffer(b"".join(parts), dtype=parts[0].dtype)
    sizes = np.array([len(part) for part in parts])
    room = np.repeat(np.cumsum(sizes), sizes) - np.arange(1, len(together) + 1)  # nodes behind this one in its tree
    steps = np.arange(len(together)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    n_features = np.repeat(np.array([tree[2] for tree in trees]), sizes)
    left, right, feature = together["left_child"], together["right_child"], together["feature"]
    inner = _below(left - steps, room) & _below(right - steps, room) & _below(feature + 0, n_features)
    inner &= ~np.isnan(together["threshold"])
    leaf = (left == _LEAF) & (right == _LEAF)
    _expect((inner | leaf).all(), "a node leads to a child, a feature or a threshold that is not there")
    for n_classes in {tree[3] for tree in trees}:
        _check_values([tree[1] for tree in trees if tree[3] == n_classes], n_classes)


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
        _expect(fits[inner].all(), _CHILD)
    feature = nodes["feature_idx"]
    _expect(((feature >= 0) & (feature < n_features))[inner].all(), "a node asks for a feature that is not there")
    _expect(not np.isnan(nodes["num_threshold"][inner]).any(), "a threshold is no number")
    _expect(np.isfinite(nodes["value"]).all(), "a value is not finite")


def _below(number: NDArray[Any], limit: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell where 0 <= number < limit, in one comparison: as unsigned, what is negative is huge."""
    return number.view(np.uint64) < limit.view(np.uint64)


def _check_values(values: Sequence[Any], n_classes: int) -> None:
    together = np.frombuffer(b"".join(values))
    if n_classes == 1:
        _expect(np.isfinite(together).all(), "a value is not finite")
    else:  # each node holds the shares of its classes; comparisons with NaN fail
        columns = together.reshape(-1, n_classes).T
        total = sum(columns[1:], start=columns[0])
        _expect(together.min() >= 0 and (abs(total - 1) < _SUM_TOLERANCE).all(), "shares of classes are not 1")


def _expect(holds: object, problem: str) -> None:
    if not holds:
        raise MalformedError(problem=f"in a decision tree {problem}")
