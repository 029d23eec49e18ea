"""scikit-learn's compiled trees in the allow-list: made only when every length agrees with every other."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list import arrays
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    MalformedError,
    Recipe,
    UnfitError,
    dict_of,
    expect,
    listed_state_of,
)
from ensemble_desk.errors import extras

_FLOAT = np.dtype(np.float64)
_NAMES = ["max_depth", "node_count", "nodes", "values"]
_FILLED = "missing_go_to_left"  # until 1.2 no row could miss a feature


def tree(builder: Builder, given: Recipe) -> Any:
    """Make a tree that is filled with its nodes once they are checked, together with those of other trees.

    Its own ``__setstate__`` copies memory by lengths that the file states.
    """
    kind, node_type = compiled()
    n_features, classes, n_outputs = given.args
    depth, count, node_array, values = _parts(given.state)
    classes = arrays.view_again(builder, classes)
    if not (
        type(classes) is np.ndarray
        and type(n_features) is type(n_outputs) is type(count) is type(depth) is int
        and n_features > 0
        and n_outputs == 1
        and classes.dtype.kind == "i"
        and classes.shape == (1,)
        and (n_classes := classes.item()) > 0
        and 0 <= depth <= count > 0
    ):
        raise MalformedError(problem="a decision tree contradicts itself")
    shape, sizes = (count, 1, n_classes), (count * node_type.itemsize, count * n_classes * _FLOAT.itemsize)
    builder.copying(sizes[0] + sizes[1])
    node_data = arrays.data(node_array, node_type, (count,), sizes[0]) or _nodes(builder, node_array, count)
    value_data = arrays.data(values, _FLOAT, shape, sizes[1]) or _values(builder, values, shape)
    made = kind(n_features, classes, 1)
    builder.remember_tree((made, depth, count, node_data, value_data, n_features, n_classes))
    given.args, given.state = (), None
    return made


def _parts(state: Any) -> Sequence[Any]:
    """Give the parts of a tree's state as `_NAMES` lists them, which is how every release writes them."""
    if state[::2] != _NAMES:
        told = dict_of(state)
        return [told[name] for name in _NAMES]
    parts: Sequence[Any] = state[1::2]
    return parts


@functools.cache
def compiled() -> tuple[Any, np.dtype[Any]]:
    """Give scikit-learn's compiled tree, and the type of its nodes."""
    with extras.needed():
        from sklearn.tree import _tree

    return _tree.Tree, _tree.NODE_DTYPE


def _nodes(builder: Builder, given: Any, count: int) -> NDArray[Any]:
    _, node_type = compiled()
    array = arrays.view(builder, given)
    expect(type(array) is np.ndarray and array.shape == (count,), "a decision tree", "nodes")
    return np.ascontiguousarray(array if array.dtype == node_type else _as_nodes(array, node_type))


def _values(builder: Builder, given: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    array = arrays.view(builder, given)
    expect(type(array) is np.ndarray and array.shape == shape and array.dtype == _FLOAT, "a decision tree", "values")
    return np.ascontiguousarray(array)


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

    state = builder.attributes(listed_state_of(given))
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
