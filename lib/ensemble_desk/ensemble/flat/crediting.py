"""What each split on a row's way through flat trees moves, credited to the feature that was compared."""

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.flat.node_table import FlatTrees

Floats = NDArray[np.float64]


def credited(trees: FlatTrees, row: Floats, *, n_groups: int) -> tuple[Floats, Floats]:
    """Give what one row starts from and what its features move, summed over the trees.

    Every node stands for the mean of the leaves below it, weighted by their `cover`; a split moves the row from the
    mean of its node to that of the child.

    Returns
    -------
    start : shape (n_groups, c), the sum over the roots of every ``n_groups``-th tree.
    moves : shape (n_features, n_groups, c). Start and moves add up to the leaves' values.
    """
    means = _means(trees)
    following = trees.following(row.astype(trees.threshold.dtype))
    group = np.arange(len(trees.roots)) % n_groups
    start = np.zeros((n_groups, means.shape[1]))
    np.add.at(start, group, means[trees.roots])
    moves = np.zeros((len(row), n_groups, means.shape[1]))
    node = trees.roots
    for _ in range(trees.depth):
        child = following[node]
        np.add.at(moves, (trees.columns[node], group), means[child] - means[node])
        node = child
    return start, moves


def _means(trees: FlatTrees) -> Floats:
    """Mean of the leaves below each node, shape (m, c)."""
    is_leaf = trees.left == np.arange(len(trees.left))
    means, weights = np.zeros((len(is_leaf), trees.values.shape[1])), np.zeros(len(is_leaf))
    means[is_leaf] = trees.values
    weights[is_leaf] = 1.0 if trees.cover is None else trees.cover
    levels = [trees.roots]
    while len(inner := levels[-1][~is_leaf[levels[-1]]]):
        levels.append(np.concatenate([trees.left[inner], trees.right[inner]]))
    for level in reversed(levels):
        inner = level[~is_leaf[level]]
        left, right = trees.left[inner], trees.right[inner]
        weights[inner] = total = weights[left] + weights[right]
        share = np.divide(weights[left], total, out=np.full(len(inner), 0.5), where=total > 0)[:, None]
        means[inner] = share * means[left] + (1 - share) * means[right]
    return means
