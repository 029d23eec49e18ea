"""From the nodes that a booster's file tells to one checked table: every child in its own tree, every number sound."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError
from ensemble_desk.ensemble.flat.node_table import FlatTrees

MOST_NODES = 5_000_000
MOST_FEATURES = 2**15 - 1
_DEEPEST = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """The nodes of one tree or of many, as a file tells them; nothing is checked yet.

    Attributes
    ----------
    feature, threshold : shape (m,), of inner nodes; a row goes left when its value is at most the threshold.
    left, right : shape (m,), row numbers of the children; -1 at a leaf.
    missing_left : shape (m,).
    zero_missing : shape (m,), whether a zero counts as missing; None when it never does.
    value, cover : shape (m, c) and (m,), what a leaf adds and the weight of the rows it was learnt from.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    left: NDArray[Any]
    right: NDArray[Any]
    missing_left: NDArray[np.bool_]
    value: NDArray[Any]
    cover: NDArray[Any]
    zero_missing: NDArray[np.bool_] | None = None


def joined(trees: list[Nodes]) -> tuple[Nodes, NDArray[np.int64]]:
    """Put trees behind each other; gives all their nodes and where each tree begins."""
    sizes = [len(tree.left) for tree in trees]
    if not trees or min(sizes) == 0:
        raise MalformedError(problem="a booster has no trees")
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    offset = np.repeat(roots, sizes)
    told = {name: np.concatenate([getattr(tree, name) for tree in trees]) for name in _COLUMNS}
    for name in ("left", "right"):
        child = told[name].astype(np.int64)
        outside = (child < -1) | (child >= np.repeat(sizes, sizes))
        if outside.any():
            raise MalformedError(problem="in a booster a child is outside of its tree")
        told[name] = np.where(child < 0, -1, child + offset)
    zeros = [tree.zero_missing for tree in trees if tree.zero_missing is not None]
    return Nodes(**told, zero_missing=np.concatenate(zeros) if len(zeros) == len(trees) else None), roots


_COLUMNS = ("feature", "threshold", "left", "right", "missing_left", "value", "cover")


def table(nodes: Nodes, roots: NDArray[np.int64], *, n_features: int) -> FlatTrees:
    """Check the nodes and make the table of those that a root leads to.

    Raises
    ------
    MalformedError
        When a node is reached twice (a circle, or a shared part), compares a feature that is not there, or holds a
        number that is none.
    """
    reached, depth = _descend(nodes, roots)
    left, right = nodes.left[reached], nodes.right[reached]
    is_leaf = left < 0
    feature, threshold = nodes.feature[reached].astype(np.int64), nodes.threshold[reached]
    inner = ~is_leaf
    if ((feature < 0) | (feature >= n_features))[inner].any():
        raise MalformedError(problem="a booster compares a feature that it does not have")
    if np.isnan(threshold[inner]).any():
        raise MalformedError(problem="in a booster a threshold is no number")
    values, cover = nodes.value[reached][is_leaf], nodes.cover[reached][is_leaf].astype(np.float64)
    if not (np.isfinite(values).all() and np.isfinite(cover).all() and (cover >= 0).all()):
        raise MalformedError(problem="in a booster a leaf holds no finite number")
    number = np.cumsum(reached) - 1
    own = np.arange(len(left))
    zero_missing = None if nodes.zero_missing is None else nodes.zero_missing[reached] & inner
    return FlatTrees(
        feature=np.where(is_leaf, 0, feature).astype(np.int16),
        threshold=np.where(is_leaf, threshold.dtype.type(0), threshold),
        left=np.where(is_leaf, own, number[left]).astype(np.int32),
        right=np.where(is_leaf, own, number[right]).astype(np.int32),
        missing_left=nodes.missing_left[reached].astype(bool),
        values=np.ascontiguousarray(values),
        roots=number[roots].astype(np.int32),
        depth=depth,
        zero_missing=zero_missing if zero_missing is not None and zero_missing.any() else None,
        cover=cover,
    )


def _descend(nodes: Nodes, roots: NDArray[np.int64]) -> tuple[NDArray[np.bool_], int]:
    """Walk all trees level by level; gives which nodes are reached, and how deep the deepest is."""
    if len(nodes.left) > MOST_NODES:
        raise MalformedError(problem=f"a booster has more than {MOST_NODES:,} nodes")
    if ((nodes.left < 0) != (nodes.right < 0)).any():
        raise MalformedError(problem="in a booster a node has one child")
    reached = np.zeros(len(nodes.left), dtype=bool)
    level, depth = roots, 0
    while True:
        reached[level] = True
        inner = level[nodes.left[level] >= 0]
        if not len(inner):
            return reached, depth
        level, depth = np.concatenate([nodes.left[inner], nodes.right[inner]]), depth + 1
        if reached[level].any() or len(np.unique(level)) != len(level):
            raise MalformedError(problem="in a booster a node has two parents")
        if depth > _DEEPEST:
            raise MalformedError(problem=f"a tree of a booster is deeper than {_DEEPEST}")
