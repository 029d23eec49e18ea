"""Boosters that are damaged or made to crash a reader are refused, and nothing larger than the file is made of them."""

import json
import tracemalloc
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.artifacts.safe_loading.allow_list.boosters import catboost, flatbuffers, lightgbm, ubjson, xgboost
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import MalformedError, UnfitError
from ensemble_desk.errors import ArtifactError

BOOSTERS = Path(__file__).parents[2] / "compat" / "boosters"
FILES = sorted([*BOOSTERS.glob("*/three.pkl"), *BOOSTERS.glob("*/free.pkl")])

TREE = {
    "left_children": [1, -1, -1],
    "right_children": [2, -1, -1],
    "split_indices": [0, 0, 0],
    "split_conditions": [0.5, -0.1, 0.1],
    "split_type": [0, 0, 0],
    "default_left": [1, 0, 0],
    "sum_hessian": [10.0, 4.0, 6.0],
    "tree_param": {"num_nodes": "3", "size_leaf_vector": "1"},
}
MODEL = {
    "learner": {
        "attributes": {},
        "feature_names": ["rsi", "macd"],
        "gradient_booster": {"name": "gbtree", "model": {"tree_info": [0], "trees": [TREE]}},
        "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2"},
        "objective": {"name": "binary:logistic"},
    },
    "version": [3, 2, 0],
}
TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=1
objective=binary sigmoid:1
feature_names=rsi macd

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=0.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=-0.1 0.1
leaf_weight=4 6
is_linear=0

end of trees
"""


def changed(**columns):
    model = deepcopy(MODEL)
    model["learner"]["gradient_booster"]["model"]["trees"][0] |= columns
    return json.dumps(model).encode()


def test_the_untouched_ones_are_read():
    for made in (xgboost.forest(json.dumps(MODEL).encode()), lightgbm.forest(TEXT)):
        low, high = made.predict_proba([[0.4, 0.0], [0.6, 0.0]])[:, 1]
        assert low == pytest.approx(1 / (1 + np.exp(0.1)), abs=1e-6)
        assert high == pytest.approx(1 / (1 + np.exp(-0.1)), abs=1e-6)


@pytest.mark.parametrize(
    "columns",
    [
        {"left_children": [0, -1, -1]},  # a circle
        {"left_children": [2, -1, -1]},  # a shared leaf
        {"left_children": [9, -1, -1]},
        {"left_children": [-7, -1, -1]},
        {"right_children": [-1, -1, -1]},
        {"split_indices": [2, 0, 0]},
        {"split_indices": [-1, 0, 0]},
        {"split_conditions": [float("nan"), 0.1, 0.1]},
        {"split_conditions": [0.5, float("inf"), 0.1]},
        {"split_conditions": [0.5]},
        {"split_conditions": "many"},
        {"left_children": []},
        {"sum_hessian": [1.0, -4.0, 6.0]},
    ],
)
def test_trees_of_xgboost_that_contradict_themselves_are_refused(columns):
    with pytest.raises((MalformedError, ValueError)):
        xgboost.forest(changed(**columns))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[3, 2, 0]", "[9, 0, 0]", "version"),
        ("binary:logistic", "reg:squarederror", "no class probabilities"),
        ('"split_type": [0,', '"split_type": [1,', "splits by category"),
        ('"gbtree"', '"gblinear"', "no booster of trees"),
        ('"size_leaf_vector": "1"', '"size_leaf_vector": "3"', "several values"),
    ],
)
def test_boosters_of_xgboost_that_cannot_be_followed_say_why(old, new, reason):
    text = json.dumps(MODEL)
    assert old in text
    with pytest.raises(UnfitError, match=reason):
        xgboost.forest(text.replace(old, new).encode())


def test_the_old_binary_format_is_named():
    with pytest.raises(UnfitError, match=r"given up with XGBoost 1\.6"):
        xgboost.forest(b"CONFIG-offset:\0\0\0\0\0\0\0\0binf")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("left_child=-1", "left_child=0", MalformedError),  # a circle
        ("left_child=-1", "left_child=-2", MalformedError),  # a shared leaf
        ("left_child=-1", "left_child=-9", MalformedError),
        ("num_leaves=2", "num_leaves=2000000000", MalformedError),
        ("num_leaves=2", "num_leaves=-5", MalformedError),
        ("split_feature=0", "split_feature=7", MalformedError),
        ("threshold=0.5", "threshold=nan", MalformedError),
        ("max_feature_idx=1", "max_feature_idx=99999999", MalformedError),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=0", UnfitError),
        ("decision_type=2", "decision_type=3", UnfitError),
        ("is_linear=0", "is_linear=1", UnfitError),
        ("version=v4", "version=v9", UnfitError),
        ("binary sigmoid:1", "regression", UnfitError),
        ("binary sigmoid:1", "binary sigmoid:nan", MalformedError),
        ("Tree=0", "Tree", MalformedError),
    ],
)
def test_texts_of_lightgbm_that_cannot_be_followed_are_refused(old, new, error):
    with pytest.raises(error):
        lightgbm.forest(TEXT.replace(old, new))


@pytest.mark.parametrize(
    "data",
    [
        b"[$d#L" + (2**40).to_bytes(8, "big"),
        b"[$d#L" + (-1).to_bytes(8, "big", signed=True),
        b"[$Z#U\xff",
        b"[#L" + (2**62).to_bytes(8, "big"),
        b"SL" + (2**62).to_bytes(8, "big") + b"text",
        b"[" * 10_000,
        b"{U\x01a" * 10_000,
        b"{U\x01aU\x01}rest",
        b"",
        b"H",
    ],
)
def test_binary_json_is_read_within_its_own_bytes(data):
    tracemalloc.start()
    with pytest.raises(MalformedError):
        ubjson.read(data)
    assert tracemalloc.get_traced_memory()[1] < 2**21
    tracemalloc.stop()


@pytest.mark.parametrize("data", [b"", b"\xff" * 64, b"\x04\0\0\0" + b"\xff\xff\xff\x7f" * 8, b"\x08\0\0\0" * 16])
def test_offsets_that_lead_outside_are_refused(data):
    with pytest.raises((MalformedError, UnfitError)):
        catboost.forest(b"CBM1" + len(data).to_bytes(4, "little") + data)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_damaged_bytes_are_refused_or_stay_probabilities(file):
    data, random = file.read_bytes(), np.random.default_rng(11)
    for _ in range(150):
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 3):
            damaged[at] = random.integers(0, 256)
        try:
            model = loading.load(bytes(damaged), name=file.name, max_bytes=2**20)["models"]
        except ArtifactError:
            continue
        for one in model.values():
            said = one.predict_proba(random.normal(size=(4, one.n_features_in_)))
            assert np.isfinite(said).all()
            assert said.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_bytes_that_break_off_are_refused(file):
    data = file.read_bytes()
    for size in range(0, len(data), max(len(data) // 60, 1)):
        with pytest.raises(ArtifactError):
            loading.load(data[:size], name=file.name, max_bytes=2**20)


def test_shared_lists_do_not_unfold():
    """A table whose vector of tables names one table, with a long text, again and again."""
    text = b"x" * 40_000
    table = b"\x06\0\x08\0\x04\0\0\0" + (8).to_bytes(4, "little") + (4).to_bytes(4, "little")  # vtable, then table
    inner = table + len(text).to_bytes(4, "little") + text
    read = flatbuffers.Table(inner, 8, flatbuffers.Budget(len(inner) * 4))
    assert read.text(0) == text.decode()
    for _ in range(3):
        read.text(0)
    with pytest.raises(MalformedError, match="more than the booster"):
        read.text(0)


def test_one_booster_named_again_and_again_is_made_no_more_often_than_the_file_holds_it():
    data = next(file for file in FILES if file.parent.name.startswith("catboost")).read_bytes()
    begin = data.index(b"CBM1")
    handle = data[begin : begin + 8 + int.from_bytes(data[begin + 4 : begin + 8], "little")]
    kept = b"\x80\x04B" + len(handle).to_bytes(4, "little") + handle + b"\x94"  # the bytes, under number 0
    named = b"ccatboost.core\nCatBoostClassifier\n)\x81}X\x07\0\0\0__modelh\0sb"
    with pytest.raises(ArtifactError, match="more than the file"):
        loading.load(kept + b"0(" + named * 50 + b"l.", name="many", max_bytes=2**20)
