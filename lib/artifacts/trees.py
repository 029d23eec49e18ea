"""scikit-learn's compiled trees in the allow-list: made only when every length agrees with every other."""

from typing import Any

import numpy as np

from lib.artifacts import nodes
from lib.artifacts.recipes import Builder, Recipe, UnfitError, expect, state_of

_MOST_DEPTH = 2**20


def tree(builder: Builder, given: Recipe) -> Any:
    """Make a tree. Its own ``__setstate__`` copies memory by lengths that the file states."""
    from sklearn.tree._tree import Tree

    expect(len(given.args) == 3, "a decision tree")  # noqa: PLR2004 - features, classes, outputs
    n_features, n_outputs = builder.value(given.args[0]), builder.value(given.args[2])
    classes = builder.value(given.args[1])
    expect(type(n_features) is int and n_features > 0 and type(n_outputs) is int, "a decision tree")
    expect(n_outputs == 1, "a decision tree", "outputs")
    expect(type(classes) is np.ndarray and classes.shape == (1,) and classes.dtype.kind in "iu", "a decision tree")
    n_classes = int(classes[0])
    state = builder.value(given.state)
    expect(type(state) is dict and {"max_depth", "node_count", "nodes", "values"} <= state.keys(), "a decision tree")
    node_array, values = state["nodes"], state["values"]
    expect(type(node_array) is np.ndarray and node_array.ndim == 1 and node_array.dtype.names, "a decision tree")
    expect(type(values) is np.ndarray and values.dtype == np.float64, "a decision tree", "values")
    expect(type(state["node_count"]) is int and state["node_count"] == len(node_array) > 0, "a decision tree", "nodes")
    expect(values.shape == (len(node_array), 1, n_classes), "a decision tree", "values")
    expect(values.flags.c_contiguous and node_array.flags.c_contiguous, "a decision tree", "order")
    expect(type(state["max_depth"]) is int and 0 <= state["max_depth"] < _MOST_DEPTH, "a decision tree", "depth")
    made = Tree(n_features, classes.astype(np.intp), n_outputs)
    try:
        made.__setstate__({name: state[name] for name in ("max_depth", "node_count", "nodes", "values")})
    except ValueError as error:
        raise UnfitError(
            problem=f"its trees have another layout than this scikit-learn ({str(error).splitlines()[0]})"
        ) from error
    builder.remember_tree(node_array, values, n_features=n_features)
    return made


def predictor(builder: Builder, given: Recipe) -> Any:
    """Make one tree of a histogram gradient boosting; its nodes are checked with the estimator around it."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    state = builder.value(state_of(given))
    names = ("nodes", "binned_left_cat_bitsets", "raw_left_cat_bitsets")
    expect(type(state) is dict and state.keys() == set(names), "a decision tree")
    node_array, *bitsets = (state[name] for name in names)
    expect(type(node_array) is np.ndarray and node_array.ndim == 1, "a decision tree", "nodes")
    for bitset in bitsets:
        expect(type(bitset) is np.ndarray and bitset.dtype == np.uint32, "a decision tree", "categories")
        expect(bitset.ndim == 2 and bitset.shape[1] == 8, "a decision tree", "categories")  # noqa: PLR2004 - 8 x 32 bits
    if node_array.dtype != PREDICTOR_RECORD_DTYPE:
        try:
            node_array = node_array.astype(PREDICTOR_RECORD_DTYPE, casting="same_kind")
        except TypeError as error:
            raise UnfitError(problem=f"its trees have another layout than this scikit-learn ({error})") from error
    return TreePredictor(np.ascontiguousarray(node_array), *bitsets)


def check_predictor(given: Any, *, n_features: int) -> None:
    nodes.check_predictor(given.nodes, n_features=n_features)
