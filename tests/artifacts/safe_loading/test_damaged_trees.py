"""A tree, forest or boosting whose parts disagree is refused before anything is predicted with it."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.tree._tree import Tree
from tests.artifacts.conftest import MAX_BYTES, rows
from tests.artifacts.safe_loading import hostile_pickles as hostile

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, IncompatibleArtifactError


class Written:
    """Is pickled as a tree with the arguments and the state that it was given."""

    def __init__(self, arguments: tuple[Any, ...], state: Any) -> None:
        self._reduced = (Tree, arguments, state)

    def __reduce__(self) -> Any:
        return self._reduced


def written_with(tree: Tree, *, arguments: tuple[Any, ...] | None = None, **changes: Any) -> Written:
    _, usual, state = tree.__reduce__()
    return Written(arguments or usual, {**state, **changes})


def nodes_with(tree: Tree, name: str, value: Any, *, of: str) -> np.ndarray:
    """Give the nodes with one field of one inner node, or leaf, changed."""
    nodes = tree.__getstate__()["nodes"].copy()
    leaf = nodes["left_child"] == -1
    position = np.flatnonzero(leaf if of == "leaf" else ~leaf)[-1]
    nodes[name][position] = value(position, len(nodes)) if callable(value) else value
    return nodes


def fit(model: Any) -> Any:
    features, classes = rows()
    return model.fit(features, classes)


def dump(model: Any) -> bytes:
    return pickle.dumps({"models": {"m": model}, "weights": {"m": 1.0}})


def load(data: bytes) -> Any:
    return loading.load(data, name="x", max_bytes=MAX_BYTES)["models"]["m"]


def refused(model: Any) -> ArtifactError:
    with pytest.raises((ArtifactCorruptError, IncompatibleArtifactError)) as caught:
        load(dump(model))
    return caught.value


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    return {
        "rf": fit(RandomForestClassifier(3, min_samples_leaf=5, random_state=1)),
        "gb": fit(GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=1)),
        "hgb": fit(HistGradientBoostingClassifier(max_iter=3, random_state=1)),
    }


@pytest.fixture
def rf(sound) -> RandomForestClassifier:
    return copy.deepcopy(sound["rf"])


@pytest.fixture
def gb(sound) -> GradientBoostingClassifier:
    return copy.deepcopy(sound["gb"])


@pytest.fixture
def hgb(sound) -> HistGradientBoostingClassifier:
    return copy.deepcopy(sound["hgb"])


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3, random_state=1),
        RandomForestClassifier(3, random_state=np.random.RandomState(3), class_weight="balanced"),
        ExtraTreesClassifier(3, random_state=1),
        GradientBoostingClassifier(n_estimators=3, random_state=1),
        GradientBoostingClassifier(n_estimators=3, init="zero", subsample=0.5, n_iter_no_change=2, random_state=1),
        HistGradientBoostingClassifier(max_iter=3),
        HistGradientBoostingClassifier(max_iter=3, early_stopping=True, random_state=1),
        LogisticRegression(),
        DecisionTreeClassifier(max_depth=3),
        DummyClassifier(),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("labels", ["numbers", "texts", "two"])
def test_what_is_sound_predicts_as_before(model, labels):
    features, classes = rows()
    wanted = {"numbers": classes, "texts": np.array(["a", "b", "c"])[classes], "two": classes > 0}[labels]
    model.fit(features, wanted)
    loaded = load(dump(model))
    assert type(loaded) is type(model)
    assert np.array_equal(loaded.predict_proba(features), model.predict_proba(features))
    assert loaded.classes_.tolist() == model.classes_.tolist()
    assert pickle.loads(pickle.dumps(loaded)).predict(features).tolist() == model.predict(features).tolist()


NODES = {
    "a child far outside": ("left_child", 10**9, "inner"),
    "a child right behind the end": ("right_child", lambda _, size: size, "inner"),
    "a child of a negative number": ("left_child", -7, "inner"),
    "one child missing": ("right_child", -1, "inner"),
    "a child that is its parent": ("left_child", lambda position, _: position, "inner"),
    "a child before its parent": ("right_child", 0, "inner"),
    "a leaf with a child": ("right_child", 1, "leaf"),
    "a feature that is not there": ("feature", 4, "inner"),
    "a feature of a negative number": ("feature", -2, "inner"),
    "a threshold that is no number": ("threshold", np.nan, "inner"),
}


@pytest.mark.parametrize("case", NODES)
@pytest.mark.parametrize("member", ["rf", "gb"])
def test_nodes_that_lead_outside_are_refused(case, member, request):
    model = request.getfixturevalue(member)
    name, value, of = NODES[case]
    tree = model.estimators_[1] if member == "rf" else model.estimators_[1, 2]
    tree.tree_ = written_with(tree.tree_, nodes=nodes_with(tree.tree_, name, value, of=of))
    assert "decision tree" in str(refused(model))


STATES = {
    "more nodes than there are": {"node_count": 10**6},
    "fewer nodes than there are": {"node_count": 1},
    "no nodes": {"node_count": 0},
    "a count that is no number": {"node_count": "3"},
    "a depth that is none": {"max_depth": -1},
    "nodes that are none": {"nodes": np.zeros(3)},
    "nodes that are missing": {"nodes": None},
    "values that are missing": {"values": None},
    "values of other numbers": {"values": np.zeros((3, 1, 3), dtype=np.float32)},
    "values for fewer nodes": {"values": np.zeros((1, 1, 3))},
    "values for fewer classes": {"values": np.zeros((3, 1, 1))},
}


@pytest.mark.parametrize("case", STATES)
def test_states_of_trees_that_disagree_are_refused(rf, case):
    tree = rf.estimators_[0]
    tree.tree_ = written_with(tree.tree_, **STATES[case])
    refused(rf)


@pytest.mark.parametrize(
    "arguments",
    [
        (4, np.array([3]), 1000),
        (4, np.array([3]), 0),
        (4, np.array([3, 3]), 2),
        (4, np.array([10**9]), 1),
        (4, np.array([-3]), 1),
        (4, np.array([3.0]), 1),
        (4, np.array([], dtype=np.intp), 1),
        (4, [3], 1),
        (-4, np.array([3]), 1),
        (10**6, np.array([3]), 1),
        (2, np.array([3]), 1),
        ("4", np.array([3]), 1),
        (4, np.array([3])),
    ],
    ids=str,
)
def test_arguments_of_trees_that_disagree_are_refused(rf, arguments):
    tree = rf.estimators_[0]
    tree.tree_ = written_with(tree.tree_, arguments=arguments)
    refused(rf)


def test_a_second_state_cannot_write_behind_the_memory_of_the_first(rf):
    small, large = rf.estimators_[0].tree_.__getstate__(), fit(DecisionTreeClassifier()).tree_.__getstate__()
    assert large["node_count"] > small["node_count"]
    tree = hostile.call(
        hostile.stacked("sklearn.tree._tree", "Tree"), hostile.of(4), hostile.of(np.array([3])), hostile.of(1)
    )
    body = tree + hostile.of(small) + b"b" + hostile.of(large) + b"b"
    with pytest.raises(ArtifactError, match="second state"):
        load(hostile.artifact_with(body))


@pytest.mark.parametrize("values", ["nan", "inf", "negative", "not one"])
def test_values_of_classes_are_shares(rf, values):
    tree = rf.estimators_[2]
    wrong = tree.tree_.value.copy()
    wrong[-1, 0, :] = {
        "nan": [np.nan, 0.5, 0.5],
        "inf": [np.inf, 0, 0],
        "negative": [-1.0, 1.0, 1.0],
        "not one": [0.5, 0.5, 0.5],
    }[values]
    tree.tree_ = written_with(tree.tree_, values=wrong)
    assert "shares of classes" in str(refused(rf))


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("n_classes", [0, 1, 2, 4, -1, 2**40], ids=str)
def test_one_tree_of_many_with_another_number_of_classes(rf, n_classes, protocol):
    tree = rf.estimators_[2]
    arguments = (tree.tree_.n_features, np.array([n_classes]), 1)
    tree.tree_ = written_with(tree.tree_, arguments=arguments)
    with pytest.raises(ArtifactCorruptError, match=r"decision tree|more than the file holds"):
        load(pickle.dumps({"models": {"m": rf}, "weights": {"m": 1.0}}, protocol=protocol))


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize(
    "change",
    [
        lambda values: values[:-1],
        lambda values: np.concatenate([values, values[:1]]),
        lambda values: values[:, 0],
        lambda values: values.astype(np.float32),
        lambda values: values.astype(object),
        lambda values: values.view(np.int64),
    ],
    ids=["fewer", "more", "two dimensions", "32 bits", "objects", "whole numbers"],
)
def test_values_have_the_shape_and_type_of_values(rf, change, protocol):
    tree = rf.estimators_[2]
    tree.tree_ = written_with(tree.tree_, values=change(tree.tree_.value))
    with pytest.raises(ArtifactCorruptError, match="decision tree"):
        load(pickle.dumps({"models": {"m": rf}, "weights": {"m": 1.0}}, protocol=protocol))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_values_in_the_order_of_columns_are_read(rf, protocol):
    features, _ = rows()
    expected = rf.predict_proba(features)
    for tree in rf.estimators_:
        tree.tree_ = written_with(tree.tree_, values=np.asfortranarray(tree.tree_.value))
    data = pickle.dumps({"models": {"m": rf}, "weights": {"m": 1.0}}, protocol=protocol)
    assert np.array_equal(load(data).predict_proba(features), expected)


def test_a_state_in_another_order_is_read(rf):
    features, _ = rows()
    expected = rf.predict_proba(features)
    for tree in rf.estimators_:
        _, arguments, state = tree.tree_.__reduce__()
        tree.tree_ = Written(arguments, dict(reversed(state.items())))
    assert np.array_equal(load(dump(rf)).predict_proba(features), expected)


def test_values_of_boosting_are_finite(gb):
    tree = gb.estimators_[0, 0]
    wrong = tree.tree_.value.copy()
    wrong[0] = np.nan
    tree.tree_ = written_with(tree.tree_, values=wrong)
    assert "not finite" in str(refused(gb))


@pytest.mark.parametrize("gone", ["threshold", "impurity"])
def test_nodes_with_other_fields_are_of_another_scikit_learn(rf, gone):
    tree = rf.estimators_[0]
    tree.tree_ = written_with(tree.tree_, nodes=nodes_without(tree.tree_, gone))
    assert isinstance(refused(rf), IncompatibleArtifactError)


def test_nodes_without_a_side_for_missing_values_are_older_ones(rf):
    features, _ = rows()
    expected = rf.predict_proba(features)
    for tree in rf.estimators_:
        tree.tree_ = written_with(tree.tree_, nodes=nodes_without(tree.tree_, "missing_go_to_left"))
    assert np.array_equal(load(dump(rf)).predict_proba(features), expected)


def nodes_without(tree: Tree, gone: str) -> np.ndarray:
    nodes = tree.__getstate__()["nodes"]
    kept = [name for name in nodes.dtype.names if name != gone]
    older = np.zeros(len(nodes), dtype=[(name, nodes.dtype[name]) for name in kept])
    for name in kept:
        older[name] = nodes[name]
    return older


def counted(tree: Tree) -> np.ndarray:
    """Give the values as releases until 1.3 kept them: the weight of each class in a node."""
    state = tree.__getstate__()
    return state["values"] * state["nodes"]["weighted_n_node_samples"][:, None, None]


def test_weights_in_leaves_become_shares(rf):
    features, _ = rows()
    expected = rf.predict_proba(features)
    for tree in rf.estimators_:
        tree.tree_ = written_with(tree.tree_, values=counted(tree.tree_))
    assert np.allclose(load(dump(rf)).predict_proba(features), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values * 2,
        lambda values: -values,
        lambda values: values * np.nan,
        lambda values: values * 0,
        lambda values: np.where(np.arange(len(values))[:, None, None] == 1, values * 1.001, values),
    ],
    ids=range(5),
)
def test_weights_in_leaves_are_those_of_the_rows_there(rf, change):
    tree = rf.estimators_[1]
    tree.tree_ = written_with(tree.tree_, values=change(counted(tree.tree_)))
    refused(rf)


def test_nodes_with_numbers_of_another_machine_are_read(rf):
    features, _ = rows()
    expected = rf.predict_proba(features)
    for tree in rf.estimators_:
        nodes = tree.tree_.__getstate__()["nodes"]
        names = list(nodes.dtype.names)
        short = {"left_child": "<i4", "right_child": "<i4", "feature": "<i4", "n_node_samples": "<i4"}
        narrow = np.dtype([(name, short.get(name, nodes.dtype[name].str)) for name in names])
        tree.tree_ = written_with(tree.tree_, nodes=nodes.astype(narrow))
    assert np.array_equal(load(dump(rf)).predict_proba(features), expected)


OTHER = {"n_features_in_": 7, "n_outputs_": 2, "n_classes_": 2, "classes_": np.array([0, 1])}


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("value", ["other", "missing", "no number"])
def test_a_forest_agrees_with_its_trees(rf, name, value):
    if value == "missing":
        del rf.__dict__[name]
    else:
        setattr(rf, name, OTHER[name] if value == "other" else "many")
    if (name, value) == ("n_classes_", "missing"):
        return  # it is told by classes_ as well
    refused(rf)


@pytest.mark.parametrize(
    "change",
    [
        lambda rf: setattr(rf, "estimators_", []),
        lambda rf: setattr(rf, "estimators_", tuple(rf.estimators_)),
        lambda rf: rf.estimators_.append(3),
        lambda rf: rf.estimators_.append(DecisionTreeClassifier()),
        lambda rf: rf.estimators_.append(fit(DecisionTreeRegressor(max_depth=2))),
        lambda rf: rf.estimators_.append(rf),
        lambda rf: setattr(rf, "estimators_", rf.estimators_ * 10_000),
        lambda rf: setattr(rf.estimators_[0], "n_features_in_", 3),
        lambda rf: setattr(rf.estimators_[0], "n_outputs_", 2),
        lambda rf: setattr(rf.estimators_[0], "n_classes_", 2),
        lambda rf: setattr(rf, "classes_", np.array([0, 1, 1])),
        lambda rf: setattr(rf, "classes_", np.array([[0, 1, 2]])),
        lambda rf: setattr(rf, "classes_", np.array([0, 1, np.nan], dtype=object)[:2]),
        lambda rf: setattr(rf, "feature_names_in_", np.array(["a"], dtype=object)),
        lambda rf: setattr(rf, "feature_names_in_", np.array([1, 2, 3, 4], dtype=object)),
        lambda rf: rf.__dict__.update(predict_proba=1),
        lambda rf: rf.__dict__.update(__class__=1),
        lambda rf: rf.__dict__.update({"_validate_X_predict": 1}),
    ],
    ids=range(18),
)
def test_a_forest_holds_its_own_trees(rf, change):
    change(rf)
    refused(rf)


@pytest.mark.parametrize(
    "change",
    [
        lambda gb: setattr(gb, "estimators_", gb.estimators_[:, :2]),
        lambda gb: setattr(gb, "estimators_", np.hstack([gb.estimators_, gb.estimators_])),
        lambda gb: setattr(gb, "estimators_", gb.estimators_.ravel()),
        lambda gb: setattr(gb, "estimators_", gb.estimators_[:0]),
        lambda gb: setattr(gb, "estimators_", gb.estimators_.tolist()),
        lambda gb: gb.estimators_.__setitem__((1, 1), None),
        lambda gb: gb.estimators_.__setitem__((1, 1), DecisionTreeRegressor()),
        lambda gb: gb.estimators_.__setitem__((1, 1), fit(DecisionTreeClassifier(max_depth=2))),
        lambda gb: setattr(gb.estimators_[0, 0], "n_features_in_", 9),
        lambda gb: setattr(gb, "n_trees_per_iteration_", 4),
        lambda gb: setattr(gb, "n_features_in_", 3),
        lambda gb: setattr(gb, "learning_rate", float("nan")),
        lambda gb: setattr(gb, "learning_rate", "fast"),
        lambda gb: setattr(gb, "init_", DummyClassifier()),
        lambda gb: setattr(gb, "init_", None),
        lambda gb: setattr(gb, "init_", "one"),
        lambda gb: setattr(gb, "init_", fit(DummyClassifier(strategy="uniform"))),
        lambda gb: setattr(gb, "init_", fit(RandomForestClassifier(2))),
        lambda gb: setattr(gb.init_, "class_prior_", np.array([0.5, 0.5])),
        lambda gb: setattr(gb.init_, "class_prior_", np.array([np.nan, 0.5, 0.5])),
        lambda gb: setattr(gb.init_, "n_classes_", 2),
        lambda gb: setattr(gb, "_loss", None),
        lambda gb: setattr(gb._loss, "n_classes", 4),
        lambda gb: setattr(gb._loss, "n_classes", 10**9),
        lambda gb: setattr(gb, "classes_", np.array([0, 1])),
    ],
    ids=range(25),
)
def test_a_boosting_writes_only_its_own_columns(gb, change):
    change(gb)
    refused(gb)


def test_a_boosting_of_two_classes_has_one_column():
    features, classes = rows()
    for loss in ("log_loss", "exponential"):
        two = GradientBoostingClassifier(n_estimators=2, loss=loss, random_state=1).fit(features, classes > 0)
        assert np.array_equal(load(dump(two)).predict_proba(features), two.predict_proba(features))
        two._loss = GradientBoostingClassifier(n_estimators=1).fit(features, classes)._loss
        refused(two)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("left", 10**6),
        ("right", 0),
        ("feature_idx", 4),
        ("feature_idx", -1),
        ("is_categorical", 1),
        ("num_threshold", np.nan),
    ],
)
def test_nodes_of_a_histogram_boosting_stay_inside(hgb, name, value):
    nodes = hgb._predictors[1][2].nodes
    nodes[name][np.flatnonzero(nodes["is_leaf"] == 0)[-1]] = value
    assert "decision tree" in str(refused(hgb))


@pytest.mark.parametrize(
    "change",
    [
        lambda hgb: hgb._predictors[0].pop(),
        lambda hgb: hgb._predictors[0].append(hgb._predictors[0][0]),
        lambda hgb: hgb._predictors.append(None),
        lambda hgb: hgb._predictors.clear(),
        lambda hgb: hgb._predictors[0].__setitem__(0, None),
        lambda hgb: hgb._predictors[0][0].nodes["value"].fill(np.inf),
        lambda hgb: hgb._predictors[0][0].nodes["is_leaf"].fill(7),
        lambda hgb: setattr(hgb._predictors[0][0], "nodes", hgb._predictors[0][0].nodes[:0]),
        lambda hgb: setattr(hgb._predictors[0][0], "nodes", np.zeros(3)),
        lambda hgb: setattr(hgb._predictors[0][0], "raw_left_cat_bitsets", np.zeros((0, 2), np.uint32)),
        lambda hgb: setattr(hgb._predictors[0][0], "more", 1),
        lambda hgb: setattr(hgb, "_baseline_prediction", np.zeros((1, 2))),
        lambda hgb: setattr(hgb, "_baseline_prediction", np.full((1, 3), np.nan)),
        lambda hgb: setattr(hgb, "n_trees_per_iteration_", 1),
        lambda hgb: setattr(hgb, "n_features_in_", 2),
        lambda hgb: setattr(hgb, "_in_fit", True),
        lambda hgb: setattr(hgb, "_preprocessor", 1),
        lambda hgb: setattr(hgb, "_bin_mapper", None),
        lambda hgb: setattr(hgb._bin_mapper, "is_categorical_", np.ones(4, np.uint8)),
    ],
    ids=range(19),
)
def test_a_histogram_boosting_agrees_with_itself(hgb, change):
    change(hgb)
    refused(hgb)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("coef_", np.zeros((3, 3))),
        ("coef_", np.zeros((2, 4))),
        ("coef_", np.full((3, 4), np.inf)),
        ("coef_", np.zeros((3, 4), dtype=int)),
        ("intercept_", np.zeros(2)),
        ("intercept_", None),
        ("classes_", None),
        ("n_features_in_", 5),
    ],
)
def test_a_regression_has_a_row_for_each_class(name, value):
    model = fit(LogisticRegression())
    setattr(model, name, value)
    refused(model)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(),
        GradientBoostingClassifier(),
        HistGradientBoostingClassifier(),
        LogisticRegression(),
        DecisionTreeClassifier(),
        fit(DecisionTreeRegressor()),
        1,
        "rf",
        [1],
        np.zeros(3),
        None,
    ],
    ids=str,
)
def test_what_is_not_fitted_or_does_not_vote_is_no_member(model):
    assert isinstance(refused(model), IncompatibleArtifactError)


def test_a_tree_that_votes_by_itself_is_checked_like_one_of_a_forest():
    model = fit(DecisionTreeClassifier(max_depth=3))
    for name, value in (("n_features_in_", 2), ("n_outputs_", 3), ("classes_", np.array([0, 1]))):
        wrong = copy.deepcopy(model)
        setattr(wrong, name, value)
        refused(wrong)


def test_a_file_cannot_ask_for_threads(rf):
    rf.n_jobs = 10**6
    assert load(dump(rf)).n_jobs == 1


def test_the_library_that_saved_it_is_told(rf):
    older = f"0{sklearn.__version__[1:]}"
    data = dump(rf).replace(sklearn.__version__.encode(), older.encode())
    loaded = loading.load_with_notes(data, name="x", max_bytes=MAX_BYTES)
    assert loaded.warnings == (f"saved by scikit-learn {older}, read by {sklearn.__version__}",)
    assert loading.load_with_notes(dump(rf), name="x", max_bytes=MAX_BYTES).warnings == ()
    assert "_sklearn_version" not in vars(loaded.content["models"]["m"])


def test_random_generators_inside_come_back_as_they_were():
    for generator in (np.random.RandomState(3), np.random.RandomState(np.random.MT19937(5))):
        generator.standard_normal(3)
        features, classes = rows()
        model = RandomForestClassifier(2, random_state=generator).fit(features, classes)
        expected = copy.deepcopy(model.random_state)
        assert load(dump(model)).random_state.standard_normal(5).tolist() == expected.standard_normal(5).tolist()
