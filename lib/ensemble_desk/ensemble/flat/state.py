"""The state of a flat forest, arrays and plain values, on its way into a file and, checked, out of one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ensemble_desk.ensemble.flat.forest import BOOSTER, BOOSTING, FOREST, FlatForest
from ensemble_desk.ensemble.flat.node_table import FlatTrees
from ensemble_desk.errors import IncompatibleArtifactError

_SUBJECT = "The serving form"
_DEEPEST = 4096
_TREES: dict[str, Any] = {
    "feature": np.int16,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "values": np.float64,
    "roots": np.int32,
}
_ARRAYS = {**_TREES, "start": np.float64}
_EXTRA = {"zero_missing": np.bool_, "cover": np.float64}
_EITHER = {"threshold", "values"}  # float32 or float64 in a booster


def to_state(forest: FlatForest) -> dict[str, Any]:
    """Plain arrays, numbers and texts that `from_state` turns back into the same forest."""
    return {
        "kind": forest.kind,
        "classes": list(forest.classes),
        "start": forest.start,
        "rate": forest.rate,
        "depth": forest.trees.depth,
        "n_features": forest.n_features_in_,
        "feature_names": None if forest.feature_names is None else list(forest.feature_names),
        **{name: getattr(forest.trees, name) for name in _TREES},
        **{name: held for name in _EXTRA if (held := getattr(forest.trees, name)) is not None},
    }


def from_state(state: Mapping[str, Any]) -> FlatForest:
    """Rebuild what `to_state` gave.

    Raises
    ------
    IncompatibleArtifactError
        When an array has another type or shape, or a number leads outside the table.
    """
    problem = next(_misshapen(state), "")
    if not problem:
        forest = _forest(state)
        problem = next(_contradictions(forest), "")
    depth = -1 if problem else _depth(forest.trees)
    if problem or depth < 0:
        raise IncompatibleArtifactError(_SUBJECT, problem or "its nodes are no trees, or too deep ones")
    return forest if depth == forest.trees.depth else replace(forest, trees=replace(forest.trees, depth=depth))


def _forest(state: Mapping[str, Any]) -> FlatForest:
    names = state["feature_names"]
    return FlatForest(
        str(state["kind"]),
        FlatTrees(
            **{name: state[name] for name in _TREES},
            depth=int(state["depth"]),
            zero_missing=state.get("zero_missing"),
            cover=state.get("cover"),
        ),
        tuple(state["classes"]),
        state["start"],
        float(state["rate"]),
        int(state["n_features"]),
        None if names is None else tuple(str(name) for name in names),
    )


def _misshapen(state: Mapping[str, Any]) -> Iterator[str]:
    known = _ARRAYS | {name: kind for name, kind in _EXTRA.items() if state.get(name) is not None}
    for name, kind in known.items():
        held, kinds = state.get(name), {np.dtype(kind)}
        if state.get("kind") == BOOSTER and name in _EITHER:
            kinds = {np.dtype(np.float32), np.dtype(np.float64)}
        if not isinstance(held, np.ndarray) or held.dtype not in kinds or held.ndim != 1 + (name == "values"):
            yield f"{name} is no array of {np.dtype(kind)}"
    if not all(type(label) in (bool, int, float, str) for label in state["classes"]):
        yield "a class is no label"
    if len(set(state["classes"])) != len(state["classes"]):
        yield "two of its classes are the same"
    names = state["feature_names"]
    if names is not None and (type(names) is not list or len(names) != int(state["n_features"])):
        yield "its feature names are not as many as its features"
    n_nodes = len(state["feature"])
    lengths = [len(state[name]) for name in ("threshold", "left", "right", "missing_left")]
    if {*lengths, len(state["zero_missing"]) if "zero_missing" in known else n_nodes} != {n_nodes}:
        yield "its columns differ in length"
    if not n_nodes or not len(state["roots"]):
        yield "it has no trees"


def _depth(trees: FlatTrees) -> int:
    """Walk all trees level by level; gives how deep the deepest is, -1 when they are none.

    Compiled trees follow children without looking where they lead. So each tree is a run of nodes behind its root, all
    of which the root leads to in one way.
    """
    n_nodes, roots = len(trees.left), trees.roots.astype(np.intp)
    sizes = np.diff(roots, append=n_nodes)
    own = np.arange(n_nodes)
    is_leaf, end = trees.left == own, np.repeat(np.cumsum(sizes), np.maximum(sizes, 0))
    if roots[0] or sizes.min() < 1 or (trees.right[is_leaf] != own[is_leaf]).any():
        return -1
    first = end - np.repeat(sizes, sizes)
    if any(((child < first) | (child >= end)).any() for child in (trees.left, trees.right)):
        return -1
    level, n_reached, reached = roots, len(roots), np.zeros(n_nodes, dtype=bool)
    for depth in range(_DEEPEST + 1):
        reached[level] = True
        inner = level[~is_leaf[level]]
        if not len(inner) or n_reached > n_nodes:
            return depth if n_reached == n_nodes and reached.all() else -1
        level = np.concatenate([trees.left[inner], trees.right[inner]])
        n_reached += len(level)
    return -1


def _contradictions(forest: FlatForest) -> Iterator[str]:
    trees, n_classes = forest.trees, len(forest.classes)
    n_raw = n_classes if n_classes > 2 else 1  # noqa: PLR2004 - two classes share one score
    widths = {FOREST: {n_classes}, BOOSTING: {1}, BOOSTER: {1, n_raw}}
    if forest.kind not in widths:
        yield f"{forest.kind!r} is no kind of forest"
    for held in (trees.left, trees.right, trees.roots):
        if held.min() < 0 or held.max() >= len(trees.left):
            yield "a node leads outside"
    if np.isnan(trees.threshold).any():
        yield "a threshold is no number"
    if trees.feature.min() < 0 or trees.feature.max() >= forest.n_features_in_:
        yield "a node compares a feature that it does not have"
    n_leaves, width = int(trees.leaf_numbers[-1]) + 1, trees.values.shape[1]
    if len(trees.values) != n_leaves or width not in widths[forest.kind]:
        yield "the values do not fit the leaves"
    if trees.cover is not None and (
        len(trees.cover) != n_leaves or not (np.isfinite(trees.cover) & (trees.cover >= 0)).all()
    ):
        yield "the weights do not fit the leaves"
    if not all(np.isfinite(held).all() for held in (trees.values, forest.start, forest.rate)):
        yield "a value is not finite"
    if forest.kind != FOREST and (len(forest.start) != n_raw or len(trees.roots) % (n_raw // width)):
        yield "its scores do not fit its classes"
