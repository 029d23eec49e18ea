"""LightGBM's boosters: the trees out of the text that its pickles hold.

The text is what ``Booster.save_model`` writes (https://github.com/lightgbm-org/LightGBM, src/io/gbdt_model_text.cpp).
Its trees compare float64 values, a row goes left when its value is at most the threshold, and leaves are added up in
float64.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.boosters import assembly
from ensemble_desk.artifacts.safe_loading.allow_list.boosters.assembly import Nodes
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, UnfitError
from ensemble_desk.ensemble.flat.forest import BOOSTER, FlatForest

_KNOWN_VERSIONS = frozenset({"v2", "v3", "v4"})
_CATEGORICAL, _DEFAULT_LEFT, _ZERO_MISSING, _NAN_MISSING = 1, 2, 4, 8  # bits of a decision type
_MISSING_BITS = _ZERO_MISSING | _NAN_MISSING
_END = "end of trees"


def forest(text: str, *, best_iteration: int = 0) -> FlatForest:
    """Read a booster; of its rounds only the first ``best_iteration``, when that is more than 0, as it predicts itself.

    Raises
    ------
    UnfitError
        For what cannot be turned into trees with numeric splits and probabilities, with the reason.
    MalformedError
        For a text that contradicts itself.
    """
    head, *blocks = text.partition(_END)[0].split("\nTree=")
    told = _pairs(head)
    if not head.startswith("tree") or told.get("version") not in _KNOWN_VERSIONS:
        raise UnfitError(
            problem="its LightGBM booster is of a version that this program does not know; run: desk export"
        )
    objective, *parameters = told.get("objective", "none").split() or ["none"]
    n_groups = int(told["num_tree_per_iteration"])
    if objective not in ("binary", "multiclass") or (objective == "binary") != (n_groups == 1):
        raise UnfitError(problem=f"its LightGBM booster gives no class probabilities (its objective is {objective})")
    n_features, names = int(told["max_feature_idx"]) + 1, tuple(told.get("feature_names", "").split())
    if not 0 < n_features <= assembly.MOST_FEATURES or len(names) != n_features or n_groups < 1:
        raise MalformedError(problem="a booster has no features, or too many")
    if best_iteration > 0:
        blocks = blocks[: best_iteration * n_groups]
    if not blocks or len(blocks) % n_groups:
        raise MalformedError(problem="a booster has no trees, or not as many for each class")
    nodes, roots = assembly.joined([_tree(_pairs(block)) for block in blocks])
    return FlatForest(
        BOOSTER,
        assembly.table(nodes, roots, n_features=n_features),
        tuple(range(max(n_groups, 2))),
        np.zeros(n_groups),
        _rate(head, parameters, n_rounds=len(blocks) // n_groups),
        n_features,
        None if _are_made_up(names) else names,
    )


def _pairs(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _rate(head: str, parameters: list[str], *, n_rounds: int) -> float:
    """What the sum of the trees is multiplied by: the sigmoid's factor, and the mean for LightGBM's random forests."""
    sigmoid = float(next((text.removeprefix("sigmoid:") for text in parameters if text.startswith("sigmoid:")), "1"))
    if not (np.isfinite(sigmoid) and sigmoid > 0):
        raise MalformedError(problem="the sigmoid of a booster is no number")
    return sigmoid / n_rounds if "average_output" in head.split("\n") else sigmoid


def _are_made_up(names: tuple[str, ...]) -> bool:
    """Tell the names that LightGBM gives to columns without one."""
    return names == tuple(f"Column_{number}" for number in range(len(names)))


def _tree(told: Mapping[str, str]) -> Nodes:
    if int(told.get("is_linear", "0")):
        raise UnfitError(problem="its LightGBM booster has linear models in its leaves; run: desk export")
    n_leaves = int(told["num_leaves"])
    value = _numbers(told, "leaf_value", n_leaves, np.float64)
    cover = _cover(told, n_leaves)
    n_inner = n_leaves - 1
    decision = _numbers(told, "decision_type", n_inner, np.int64)
    if int(told.get("num_cat", "0")) or (decision & _CATEGORICAL).any():
        raise UnfitError(problem="its LightGBM booster splits by category; train it on numbers, or run: desk export")
    threshold = _numbers(told, "threshold", n_inner, np.float64)
    never_missing = (decision & _MISSING_BITS) == 0  # then a gap counts as zero
    goes_left = np.where(never_missing, threshold >= 0, (decision & _DEFAULT_LEFT) > 0)
    return Nodes(
        feature=_padded(_numbers(told, "split_feature", n_inner, np.int64), n_leaves, 0),
        threshold=_padded(threshold, n_leaves, 0.0),
        left=_padded(_children(told, "left_child", n_inner), n_leaves, -1),
        right=_padded(_children(told, "right_child", n_inner), n_leaves, -1),
        missing_left=_padded(goes_left, n_leaves, fill=False),
        zero_missing=_padded((decision & _MISSING_BITS) == _ZERO_MISSING, n_leaves, fill=False),
        value=np.concatenate([np.zeros(n_inner), value])[:, None],
        cover=np.concatenate([np.zeros(n_inner), cover]),
    )


def _children(told: Mapping[str, str], name: str, n_inner: int) -> NDArray[np.int64]:
    """Row numbers of children: inner nodes come first, then the leaves, counted as -1, -2 and on."""
    given = _numbers(told, name, n_inner, np.int64)
    if (given >= n_inner).any() or (given < -n_inner - 1).any():
        raise MalformedError(problem="in a booster a child is outside of its tree")
    return np.where(given < 0, n_inner - given - 1, given)


def _cover(told: Mapping[str, str], n_leaves: int) -> NDArray[np.float64]:
    for name in ("leaf_weight", "leaf_count"):
        if told.get(name):
            found = _numbers(told, name, n_leaves, np.float64)
            if found.any():
                return found
    return np.ones(n_leaves)


def _numbers(told: Mapping[str, str], name: str, count: int, kind: Any) -> NDArray[Any]:
    """Numbers of one line, as many as the tree needs; the text holds them all, so it bounds them."""
    found = told.get(name, "").split()
    if count < 0 or len(found) != count:
        raise MalformedError(problem=f"{name} of a booster's tree holds {len(found)} numbers, not {count}")
    return np.array(found, dtype=kind) if found else np.zeros(0, dtype=kind)


def _padded(inner: NDArray[Any], n_leaves: int, fill: Any) -> NDArray[Any]:
    return np.concatenate([inner, np.full(n_leaves, fill, dtype=inner.dtype)])
