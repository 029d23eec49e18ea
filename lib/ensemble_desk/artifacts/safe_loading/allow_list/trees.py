"""scikit-learn's compiled trees in the allow-list: made only when every length agrees with every other."""

import functools
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list import arrays, nodes
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    MalformedError,
    Recipe,
    UnfitError,
    expect,
    state_of,
)
from ensemble_desk.errors import extras

_FLOAT = np.dtype(np.float64)
_SUM_TOLERANCE = 1e-6
_FILLED = "missing_go_to_left"  # until 1.2 no row could miss a feature


def tree(builder: Builder, given: Recipe) -> Any:
    """Make a tree. Its own ``__setstate__`` copies memory by lengths that the file states."""
    kind, node_type = compiled()
    n_features, classes, n_outputs = given.args
    state = given.state
    count, depth = state["node_count"], state["max_depth"]
    array, values = arrays.view(builder, state["nodes"]), arrays.view(builder, state["values"])
    classes = arrays.view(builder, classes)
    if not (
        type(classes) is type(array) is type(values) is np.ndarray
        and type(n_features) is type(n_outputs) is type(count) is type(depth) is int
        and n_features > 0
        and n_outputs == 1
        and classes.dtype.kind == "i"
        and array.shape == (count,)
        and values.shape == (count, 1, *classes.tolist())
        and values.dtype == _FLOAT
        and 0 <= depth <= count > 0
    ):
        raise MalformedError(problem="a decision tree contradicts itself")
    if array.dtype != node_type:
        array = _as_nodes(array, node_type)
    if values.shape[2] > 1 and not _are_shares(values):
        values = _shares(array, values)
    made = kind(n_features, classes, 1)
    made.__setstate__({"max_depth": depth, "node_count": count, "nodes": array, "values": values})
    builder.remember_tree(array, values, n_features=n_features, n_classes=values.shape[2])
    given.args, given.state = (), None  # its arrays are copied: their memory can serve for the next tree
    return made


@functools.cache
def compiled() -> tuple[Any, np.dtype[Any]]:
    """Give scikit-learn's compiled tree, and the type of its nodes."""
    with extras.needed():
        from sklearn.tree import _tree

    return _tree.Tree, _tree.NODE_DTYPE


def _are_shares(values: Any) -> bool:
    """Look at the first and the last node: counts of rows, or sums of their weights, differ from 1 at one of them."""
    first, last = sum(values[0, 0].tolist()), sum(values[-1, 0].tolist())
    return bool(abs(first - 1) < _SUM_TOLERANCE > abs(last - 1))


def _shares(array: Any, values: Any) -> Any:
    """Turn the weight of each class in a node, as releases until 1.3 kept it, into its share."""
    total, told = values.sum(axis=2, keepdims=True), array["weighted_n_node_samples"]
    fits = np.isfinite(values).all() and (values >= 0).all() and (total > 0).all()
    if not (fits and np.allclose(total.ravel(), told, rtol=_SUM_TOLERANCE, atol=0)):
        raise MalformedError(problem="in a decision tree the shares of classes are neither 1 nor their weights")
    return values / total


def _as_nodes(array: Any, node_type: np.dtype[Any]) -> Any:
    """Turn nodes of a machine with other integers, or of a release until 1.2, into ours; others cannot be followed."""
    names = array.dtype.names
    if names != node_type.names and (names is None or set(node_type.names or ()) - set(names) != {_FILLED}):
        raise UnfitError(problem="its trees have other fields than those of this scikit-learn")
    made = np.zeros(len(array), dtype=node_type)
    try:
        for name in names:
            made[name] = array[name].astype(node_type[name], casting="same_kind")
    except (TypeError, ValueError) as error:
        raise UnfitError(problem="its trees have other types of numbers than those of this scikit-learn") from error
    return made


def predictor(builder: Builder, given: Recipe) -> Any:
    """Make one tree of a histogram gradient boosting; its nodes are checked with the estimator around it."""
    with extras.needed():
        from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
        from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    state = builder.attributes(state_of(given))
    names = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")
    expect(state.keys() == set(names), "a decision tree")
    node_array, *bitsets = (state[name] for name in names)
    expect(type(node_array) is np.ndarray and node_array.ndim == 1, "a decision tree", "nodes")
    for bitset in bitsets:
        expect(type(bitset) is np.ndarray and bitset.dtype == np.uint32, "a decision tree", "categories")
        expect(bitset.ndim == 2 and bitset.shape[1] == 8, "a decision tree", "categories")  # noqa: PLR2004 - 8 x 32 bits
    if node_array.dtype != PREDICTOR_RECORD_DTYPE:
        node_array = _as_nodes(node_array, PREDICTOR_RECORD_DTYPE)
    return TreePredictor(np.ascontiguousarray(node_array), *bitsets)


def check_predictor(given: Any, *, n_features: int) -> None:
    nodes.check_predictor(given.nodes, n_features=n_features)
