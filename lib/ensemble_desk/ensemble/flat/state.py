"""The state of a flat forest, arrays and plain values, on its way into a file and, checked, out of one."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ensemble_desk.ensemble.flat.forest import BOOSTING, FOREST, FlatForest
from ensemble_desk.ensemble.flat.node_table import FlatTrees
from ensemble_desk.errors import IncompatibleArtifactError

_SUBJECT = "The serving form"
_DEEPEST = 4096
_TREES = {
    "feature": np.int16,
    "threshold": np.float32,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "values": np.float64,
    "roots": np.int32,
}
_ARRAYS = {**_TREES, "start": np.float64}


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
    if problem:
        raise IncompatibleArtifactError(_SUBJECT, problem)
    return forest


def _forest(state: Mapping[str, Any]) -> FlatForest:
    names = state["feature_names"]
    return FlatForest(
        str(state["kind"]),
        FlatTrees(**{name: state[name] for name in _TREES}, depth=int(state["depth"])),
        tuple(int(number) for number in state["classes"]),
        state["start"],
        float(state["rate"]),
        int(state["n_features"]),
        None if names is None else tuple(str(name) for name in names),
    )


def _misshapen(state: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in _ARRAYS.items():
        held = state.get(name)
        if not isinstance(held, np.ndarray) or held.dtype != kind or held.ndim != 1 + (name == "values"):
            yield f"{name} is no array of {np.dtype(kind)}"
    n_nodes = len(state["feature"])
    if any(len(state[name]) != n_nodes for name in ("threshold", "left", "right", "missing_left")):
        yield "its columns differ in length"
    if not n_nodes or not len(state["roots"]) or not 0 <= int(state["depth"]) <= _DEEPEST:
        yield "it has no trees"


def _contradictions(forest: FlatForest) -> Iterator[str]:
    trees, n_classes = forest.trees, len(forest.classes)
    widths = {FOREST: n_classes, BOOSTING: 1}
    if forest.kind not in widths:
        yield f"{forest.kind!r} is no kind of forest"
    for held in (trees.left, trees.right, trees.roots):
        if held.min() < 0 or held.max() >= len(trees.left):
            yield "a node leads outside"
    if trees.feature.min() < 0 or trees.feature.max() >= forest.n_features_in_:
        yield "a node compares a feature that it does not have"
    if trees.values.shape != (int(trees.leaf_numbers[-1]) + 1, widths[forest.kind]):
        yield "the values do not fit the leaves"
    if not all(np.isfinite(held).all() for held in (trees.values, forest.start, forest.rate)):
        yield "a value is not finite"
    n_raw = n_classes if n_classes > 2 else 1  # noqa: PLR2004 - two classes share one score
    if forest.kind == BOOSTING and (len(forest.start) != n_raw or len(trees.roots) % n_raw):
        yield "its scores do not fit its classes"
