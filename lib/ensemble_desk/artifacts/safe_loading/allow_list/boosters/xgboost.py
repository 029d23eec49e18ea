"""XGBoost's boosters: the trees out of what its pickles hold, its documented JSON model in text or binary form.

https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html describes the model. Its trees compare float32
values, a row goes left below the threshold, and leaves are added up in float32.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.boosters import assembly, ubjson
from ensemble_desk.artifacts.safe_loading.allow_list.boosters.assembly import Nodes
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, UnfitError
from ensemble_desk.ensemble.flat.forest import BOOSTER, FlatForest

_MOST_CLASSES = 2**10
_KNOWN_MAJORS = range(1, 4)
_OBJECTIVES = frozenset({"binary:logistic", "multi:softprob"})


def forest(data: bytes, *, best_only: bool = False) -> FlatForest:
    """Read a booster; ``best_only`` leaves out the rounds after the best, as its classifier does when it predicts.

    Raises
    ------
    UnfitError
        For what cannot be turned into trees with numeric splits and probabilities, with the reason.
    MalformedError
        For bytes that contradict themselves.
    """
    learner = _learner(data)
    objective = _text(_dict(learner, "objective"), "name")
    if objective not in _OBJECTIVES:
        raise UnfitError(problem=f"its XGBoost booster gives no class probabilities (its objective is {objective})")
    told = _dict(learner, "learner_model_param")
    n_features, n_groups = _whole(told, "num_feature"), max(_whole(told, "num_class"), 1)
    if not 0 < n_features <= assembly.MOST_FEATURES or not n_groups <= _MOST_CLASSES:
        raise MalformedError(problem="a booster has no features, or too many")
    if _whole(told, "num_target", default=1) > 1 or (objective == "binary:logistic") != (n_groups == 1):
        raise UnfitError(problem="its XGBoost booster has several targets")
    nodes, roots = assembly.joined(_trees(learner, n_groups=n_groups, best_only=best_only))
    names = learner.get("feature_names") or None
    if names is not None and (len(names) != n_features or not all(type(name) is str for name in names)):
        raise MalformedError(problem="the feature names of a booster are not as many as its features")
    return FlatForest(
        BOOSTER,
        assembly.table(nodes, roots, n_features=n_features),
        tuple(range(max(n_groups, 2))),
        _start(_text(told, "base_score"), n_groups=n_groups),
        1.0,
        n_features,
        None if names is None else tuple(names),
    )


def _learner(data: bytes) -> Mapping[str, Any]:
    if data.startswith(b'{"'):
        found = json.loads(data)
    elif data.startswith(b"{"):
        found = ubjson.read(data)
    else:
        raise UnfitError(
            problem="its XGBoost booster is in the binary format that was given up with XGBoost 1.6; "
            "load it with that release, save it with a later one, or run: desk export"
        )
    model = found.get("Model", found)
    version = model.get("version")
    if not isinstance(version, list | np.ndarray) or len(version) == 0 or int(version[0]) not in _KNOWN_MAJORS:
        raise UnfitError(
            problem="its XGBoost booster is of a version that this program does not know; run: desk export"
        )
    return _dict(model, "learner")


def _start(told: str, *, n_groups: int) -> NDArray[np.float64]:
    """Scores that every row starts at: one number for all classes, or since XGBoost 3.1 a list."""
    numbers = np.array(told.strip("[]").split(","), dtype=np.float32)
    if len(numbers) not in (1, n_groups) or not np.isfinite(numbers).all():
        raise MalformedError(problem="the base score of a booster is no number")
    if n_groups > 1:
        return np.broadcast_to(numbers, (n_groups,)).astype(np.float64)
    if not 0 < numbers[0] < 1:
        raise MalformedError(problem="the base score of a booster is no probability")
    return np.asarray(-np.log(np.float32(1) / numbers - np.float32(1)), dtype=np.float64)


def _trees(learner: Mapping[str, Any], *, n_groups: int, best_only: bool) -> list[Nodes]:
    """Give the trees so that every ``n_groups`` in a row are one of each class."""
    booster = _dict(learner, "gradient_booster")
    drop: Any = None
    if booster.get("name") == "dart":
        drop, booster = np.asarray(booster["weight_drop"], dtype=np.float32), _dict(booster, "gbtree")
    if booster.get("name") != "gbtree":
        raise UnfitError(problem=f"its XGBoost booster is no booster of trees but {booster.get('name')!r}")
    model = _dict(booster, "model")
    groups, trees = np.asarray(model["tree_info"], dtype=np.int64), model["trees"]
    if not isinstance(trees, list) or groups.shape != (len(trees),) or (drop is not None and len(drop) != len(trees)):
        raise MalformedError(problem="a booster has another number of trees than it says")
    n_trees = len(trees)
    best = _dict(learner, "attributes").get("best_iteration")
    if best_only and best is not None:
        parallel = max(_whole(_dict(model, "gbtree_model_param"), "num_parallel_tree", default=1), 1)
        n_trees = min(n_trees, (int(best) + 1) * parallel * n_groups)
    by_group = [np.flatnonzero(groups[:n_trees] == group) for group in range(n_groups)]
    if n_trees < 1 or {len(found) * n_groups for found in by_group} != {n_trees}:
        raise MalformedError(problem="a booster has no trees, or not as many for each class")
    order = np.stack(by_group).T.ravel().tolist()
    return [_tree(trees[at], weight=None if drop is None else drop[at]) for at in order]


def _tree(told: Mapping[str, Any], *, weight: Any) -> Nodes:
    left = _column(told, "left_children", np.int64)
    columns = {name: _column(told, name, kind) for name, kind in _COLUMNS.items()}
    if _whole(_dict(told, "tree_param"), "size_leaf_vector", default=1) > 1:
        raise UnfitError(
            problem="its XGBoost booster has leaves with several values; train with one tree for each class"
        )
    if any(len(column) != len(left) for column in columns.values()):
        raise MalformedError(problem="the columns of a booster's tree differ in length")
    split = np.asarray(told.get("split_type", ()))
    if len(split) and (split[left[: len(split)] >= 0] if len(split) == len(left) else split).any():
        raise UnfitError(problem="its XGBoost booster splits by category; train it on numbers, or run: desk export")
    told_values = columns["split_conditions"]
    return Nodes(
        feature=columns["split_indices"],
        threshold=np.nextafter(told_values, np.float32(-np.inf)),  # below the one is at most the other
        left=left,
        right=columns["right_children"],
        missing_left=columns["default_left"].astype(bool),
        value=(told_values if weight is None else told_values * weight)[:, None],
        cover=columns["sum_hessian"],
    )


_COLUMNS = {
    "right_children": np.int64,
    "split_indices": np.int64,
    "split_conditions": np.float32,
    "default_left": np.int64,
    "sum_hessian": np.float64,
}


def _column(told: Mapping[str, Any], name: str, kind: Any) -> NDArray[Any]:
    found = np.asarray(told[name])
    if found.ndim != 1 or found.dtype.kind not in "biuf":
        raise MalformedError(problem=f"{name} of a booster's tree is no list of numbers")
    return found.astype(kind)


def _dict(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    if type(found) is not dict:
        raise MalformedError(problem=f"{name} of a booster cannot be read")
    return found


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    if type(found) is not str:
        raise MalformedError(problem=f"{name} of a booster is no text")
    return found


def _whole(told: Mapping[str, Any], name: str, *, default: int = 0) -> int:
    return int(told.get(name) or default)
