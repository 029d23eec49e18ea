"""CatBoost's boosters: the trees out of its binary model (cbm), a table of FlatBuffers behind the letters CBM1.

The schema is catboost/libs/model/flatbuffers/model.fbs of https://github.com/catboost/catboost. Every node asks whether
a float32 value is above a border. Mostly trees are oblivious: all nodes of a level ask the same question, and the
answers are the bits of the leaf's number. Those of another grow_policy are free: each node tells the steps to its
children. A leaf holds one value, or one for each class.
"""

import json
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.artifacts.safe_loading.allow_list.boosters import assembly, flatbuffers
from ensemble_desk.artifacts.safe_loading.allow_list.boosters.assembly import Nodes
from ensemble_desk.artifacts.safe_loading.allow_list.boosters.flatbuffers import Table
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, UnfitError
from ensemble_desk.ensemble.flat.forest import BOOSTER, FlatForest

_MAGIC, _HEAD_BYTES = b"CBM1", 8
_KNOWN_VERSION = "FlabuffersModel_v1"  # spelt so by CatBoost
_CORE_VERSION, _CORE_TREES, _CORE_INFO, _CORE_PARTS = range(4)
_DIMENSIONS, _SPLITS, _SIZES = range(3)
_FLOAT_FEATURES, _ONE_HOT, _COUNTERS, _LEAF_VALUES, _LEAF_WEIGHTS, _STEPS, _PLACES = range(5, 12)
_ESTIMATED, _SCALE, _BIAS, _BIASES = 13, 14, 15, 16
_CATEGORICAL, _TEXT, _EMBEDDING = 4, 12, 18
_PLACE, _BORDERS, _NAME, _GAPS = range(2, 6)
_GAPS_ABOVE = 2  # a gap counts as above every border
_DEEPEST = 16
_MOST_CLASSES = 2**10
_BINARY = frozenset({"Logloss", "CrossEntropy"})


def forest(data: bytes) -> FlatForest:
    """Read a booster with the labels that it was trained on.

    Raises
    ------
    UnfitError
        For what cannot be turned into trees with numeric splits and probabilities, with the reason.
    MalformedError
        For bytes that contradict themselves.
    """
    core = _core(data)
    trees = core.table(_CORE_TREES)
    if trees is None:
        raise MalformedError(problem="a booster has no trees")
    _refuse_foreign(core, trees)
    info = {entry.text(0): entry.text(1) for entry in core.tables(_CORE_INFO)}
    width = int(trees.scalar(_DIMENSIONS, "<i", 0))
    labels = _labels(info, width=width)
    features = sorted(trees.tables(_FLOAT_FEATURES), key=_place)
    n_features = len(features)
    if not 0 < n_features <= assembly.MOST_FEATURES or [_place(one) for one in features] != list(range(n_features)):
        raise UnfitError(problem="its CatBoost booster reads features that are no numbers; run: desk export")
    made = _free_trees(trees, width=width) if trees.length(_STEPS) else _trees(trees, width=width)
    nodes, roots = assembly.joined(made)
    return FlatForest(
        BOOSTER,
        assembly.table(nodes, roots, n_features=n_features),
        labels,
        _start(trees, width=width),
        1.0,
        n_features,
        _names(features),
    )


def _core(data: bytes) -> Table:
    size = int.from_bytes(data[len(_MAGIC) : _HEAD_BYTES], "little")
    if data[: len(_MAGIC)] != _MAGIC or size > len(data) - _HEAD_BYTES:
        raise MalformedError(problem="a booster does not begin as CatBoost's do, or breaks off")
    core = flatbuffers.root(data[_HEAD_BYTES : _HEAD_BYTES + size])
    if core.text(_CORE_VERSION) != _KNOWN_VERSION:
        raise UnfitError(
            problem="its CatBoost booster is of a version that this program does not know; run: desk export"
        )
    return core


def _refuse_foreign(core: Table, trees: Table) -> None:
    columns = (_CATEGORICAL, _ONE_HOT, _COUNTERS, _TEXT, _ESTIMATED, _EMBEDDING)
    if core.length(_CORE_PARTS) or any(trees.length(field) for field in columns):
        raise UnfitError(problem="its CatBoost booster reads categories or texts; train it on numbers")


def _labels(info: dict[str, str], *, width: int) -> tuple[Any, ...]:
    """The labels in the order of the columns of probabilities."""
    loss = json.loads(info.get("params", "{}")).get("loss_function", {}).get("type")
    if (width == 1 and loss not in _BINARY) or (width > 1 and loss != "MultiClass"):
        raise UnfitError(problem=f"its CatBoost booster gives no class probabilities (its loss is {loss})")
    told = json.loads(info.get("class_params", "{}"))
    labels, order = told.get("class_names"), told.get("class_to_label")
    if not (type(labels) is list and len(labels) == max(width, 2) <= _MOST_CLASSES and order == [*range(len(labels))]):
        raise UnfitError(problem="its CatBoost booster does not tell its classes")
    if not all(type(label) in (bool, int, float, str) for label in labels):
        raise MalformedError(problem="a class of a booster is no label")
    return tuple(labels)


def _start(trees: Table, *, width: int) -> NDArray[np.float64]:
    bias = trees.numbers(_BIASES, "<f8")
    if not len(bias):
        bias = np.array([trees.scalar(_BIAS, "<d", 0.0)] if width == 1 else [0.0] * width)
    if len(bias) != width or not np.isfinite(bias).all():
        raise MalformedError(problem="the bias of a booster does not fit its classes")
    return bias.astype(np.float64)


def _trees(told: Table, *, width: int) -> list[Nodes]:
    """Give every tree whole: its levels of nodes from the root, then its leaves in the order of their numbers."""
    sizes, splits = told.numbers(_SIZES, "<i4").tolist(), told.numbers(_SPLITS, "<i4")
    values, scale = told.numbers(_LEAF_VALUES, "<f8"), float(told.scalar(_SCALE, "<d", 1.0))
    weights = told.numbers(_LEAF_WEIGHTS, "<f8")
    if not sizes or not all(0 <= size <= _DEEPEST for size in sizes) or sum(sizes) != len(splits):
        raise MalformedError(problem="a booster has no trees, or too deep ones")
    n_leaves = [2**size for size in sizes]
    if sum(n_leaves) * width != len(values) or len(weights) not in (0, sum(n_leaves)):
        raise MalformedError(problem="a booster has another number of leaves than its trees")
    if 2 * sum(n_leaves) > assembly.MOST_NODES:
        raise MalformedError(problem=f"a booster has more than {assembly.MOST_NODES:,} nodes")
    questions = _questions(told)
    if len(splits) and not (splits.min() >= 0 and splits.max() < len(questions[0])):
        raise MalformedError(problem="a booster asks a question that it does not have")
    leaf_values = values.reshape(-1, width) * scale
    cover = weights if weights.any() else np.ones(len(leaf_values))
    split_starts, leaf_starts = [0, *accumulate(sizes)], [0, *accumulate(n_leaves)]
    return [
        _tree(
            [column[splits[split_starts[at] : split_starts[at + 1]]][::-1] for column in questions],
            leaf_values[leaf_starts[at] : leaf_starts[at + 1]],
            cover[leaf_starts[at] : leaf_starts[at + 1]],
        )
        for at in range(len(sizes))
    ]


def _free_trees(told: Table, *, width: int) -> list[Nodes]:
    """Give trees whose nodes tell how many places behind them their children stand; 0 ends there, in their own leaf."""
    sizes, splits = told.numbers(_SIZES, "<i4").tolist(), told.numbers(_SPLITS, "<i4")
    steps, places = told.numbers(_STEPS, "<u4"), told.numbers(_PLACES, "<u4")  # two steps of 16 bits in each
    values, weights = told.numbers(_LEAF_VALUES, "<f8"), told.numbers(_LEAF_WEIGHTS, "<f8")
    n_nodes = len(splits)
    if not sizes or min(sizes) < 1 or {len(steps), len(places), sum(sizes)} != {n_nodes}:
        raise MalformedError(problem="a booster has no trees, or another number of nodes than it says")
    questions = _questions(told)
    inner = steps > 0
    if (
        not ((splits >= 0) & (splits < len(questions[0])) | ~inner).all()
        or (places > len(values) - width)[~inner].any()
    ):
        raise MalformedError(problem="a booster asks a question or names a leaf that it does not have")
    reached = np.minimum(places, max(len(values) - width, 0))
    value = values[reached[:, None] + np.arange(width)] * float(told.scalar(_SCALE, "<d", 1.0))
    cover = weights[reached // width] if weights.any() and len(weights) * width == len(values) else np.ones(n_nodes)
    asked = np.where(inner, splits, 0)
    columns = [column[asked] for column in questions]
    parts = [slice(end - size, end) for size, end in zip(sizes, accumulate(sizes), strict=True)]
    return [_free_tree([column[part] for column in columns], steps[part], value[part], cover[part]) for part in parts]


def _free_tree(asked: list[NDArray[Any]], steps: NDArray[Any], value: NDArray[Any], cover: NDArray[Any]) -> Nodes:
    """Give one tree: its nodes, and behind them for each node the leaf that it ends in."""
    feature, threshold, gaps_left = asked
    own, none = np.arange(len(steps)), np.full(len(steps), -1)
    left, right = (half.astype(np.int64) for half in (steps & 0xFFFF, steps >> 16))
    children = [np.where(step > 0, own + step, len(steps) + own) for step in (left, right)]
    return Nodes(
        feature=np.tile(feature, 2),
        threshold=np.tile(threshold, 2),
        left=np.concatenate([np.where(steps > 0, children[0], -1), none]),
        right=np.concatenate([np.where(steps > 0, children[1], -1), none]),
        missing_left=np.tile(gaps_left.astype(bool), 2),
        value=np.tile(value, (2, 1)),
        cover=np.tile(cover, 2),
    )


def _questions(told: Table) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Feature, border and where a gap goes, of every question in the order in which trees count them."""
    features = told.tables(_FLOAT_FEATURES)
    borders = [one.numbers(_BORDERS, "<f4") for one in features]
    counts = [len(one) for one in borders]
    places = np.repeat([_place(one) for one in features], counts)
    gaps_left = np.repeat([one.scalar(_GAPS, "<b", 0) != _GAPS_ABOVE for one in features], counts)
    return places, np.concatenate([np.zeros(0, np.float32), *borders]), gaps_left


def _tree(levels: list[NDArray[Any]], values: NDArray[Any], cover: NDArray[Any]) -> Nodes:
    depth, n_leaves = len(levels[0]), len(values)
    feature, threshold, gaps_left = (_spread(column, depth, n_leaves) for column in levels)
    n_inner = n_leaves - 1
    own = np.arange(n_inner)
    none = np.full(n_leaves, -1)
    return Nodes(
        feature=feature,
        threshold=threshold,
        left=np.concatenate([2 * own + 1, none]),
        right=np.concatenate([2 * own + 2, none]),
        missing_left=gaps_left.astype(bool),
        value=np.concatenate([np.zeros((n_inner, values.shape[1])), values]),
        cover=np.concatenate([np.zeros(n_inner), cover]),
    )


def _spread(level_values: NDArray[Any], depth: int, n_leaves: int) -> NDArray[Any]:
    """Repeat what is asked at a level for each of its nodes; leaves get a zero."""
    inner = np.repeat(level_values, [2**level for level in range(depth)])
    return np.concatenate([inner, np.zeros(n_leaves, dtype=level_values.dtype)])


def _names(features: list[Table]) -> tuple[str, ...] | None:
    names = tuple(one.text(_NAME) for one in features)
    return None if names == tuple(str(number) for number in range(len(names))) or not all(names) else names


def _place(feature: Table) -> int:
    return int(feature.scalar(_PLACE, "<i", -1))
