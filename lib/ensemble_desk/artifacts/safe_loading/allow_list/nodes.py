"""The nodes of decision trees: every index inside its tree, every number finite, checked for many trees at once.

scikit-learn's compiled prediction follows these indices without looking: a child outside of the array is read from
foreign memory, a child before its parent never ends.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError

Buffer = bytes | NDArray[Any]
# A tree without nodes, its depth, number of nodes, their bytes, those of their values (n, 1, n_classes), n_features and
# n_classes.
Noted = tuple[Any, int, int, Buffer, Buffer, int, int]

_LEAF = -1
_SUM_TOLERANCE = 1e-6
_CHILD = "a child is outside of its tree or before its parent"


def fill(trees: Sequence[Noted], node_type: np.dtype[Any]) -> None:
    """Check several trees together, then fill them; raises MalformedError when one is damaged."""
    for n_classes in {tree[-1] for tree in trees}:
        alike = [tree for tree in trees if tree[-1] == n_classes]
        made, depths, counts, node_data, value_data, n_features, _ = zip(*alike, strict=True)
        nodes = np.frombuffer(b"".join(node_data), dtype=node_type)
        values = np.frombuffer(b"".join(value_data)).reshape(-1, 1, n_classes)
        _check_nodes(nodes, np.array(counts), np.array(n_features))
        values = _shares(nodes, values)
        end = 0
        for tree, depth, count in zip(made, depths, counts, strict=True):
            begin, end = end, end + count
            held = nodes[begin:end], values[begin:end]
            tree.__setstate__({"max_depth": depth, "node_count": count, "nodes": held[0], "values": held[1]})


def _check_nodes(nodes: NDArray[Any], counts: NDArray[Any], n_features: NDArray[Any]) -> None:
    behind = np.cumsum(counts)
    room = np.repeat(behind, counts) - np.arange(1, len(nodes) + 1)  # nodes behind this one in its tree
    steps = np.arange(len(nodes)) - np.repeat(behind - counts, counts) + 1
    left, right, feature = nodes["left_child"], nodes["right_child"], nodes["feature"]
    inner = _below(left - steps, room) & _below(right - steps, room)
    inner &= _below(feature + 0, np.repeat(n_features, counts))
    inner &= ~np.isnan(nodes["threshold"])
    leaf = (left == _LEAF) & (right == _LEAF)
    _expect((inner | leaf).all(), "a node leads to a child, a feature or a threshold that is not there")


def _shares(nodes: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Check the values of nodes; releases until 1.3 kept the weight of each class there, not its share."""
    if values.shape[2] == 1:
        _expect(np.isfinite(values).all(), "a value is not finite")
        return values
    columns = values.reshape(len(values), -1).T
    total = sum(columns[1:], start=columns[0])
    others = ~(abs(total - 1) < _SUM_TOLERANCE)  # comparisons with NaN fail
    if others.any():
        told = nodes["weighted_n_node_samples"]
        weighs = np.isclose(total, told, rtol=_SUM_TOLERANCE, atol=0) & (total > 0)
        _expect((weighs | ~others).all(), "the shares of classes are neither 1 nor their weights")
        values = np.where(others[:, None, None], values / total[:, None, None], values)
    _expect(values.min() >= 0, "shares of classes are negative")
    return values


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


def _expect(holds: object, problem: str) -> None:
    if not holds:
        raise MalformedError(problem=f"in a decision tree {problem}")
