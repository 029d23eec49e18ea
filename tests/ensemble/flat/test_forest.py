"""A flattened forest gives the estimator's own probabilities, at ties, at rounding edges and with missing values."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from ensemble_desk.ensemble.flat import compiled as compiled_trees
from ensemble_desk.ensemble.flat import state as flat_state
from ensemble_desk.ensemble.flat.flattening import flatten
from ensemble_desk.errors import IncompatibleArtifactError

ESTIMATORS = {
    "forest": RandomForestClassifier(60, min_samples_leaf=5, n_jobs=1, random_state=3),
    "extra": ExtraTreesClassifier(40, min_samples_leaf=5, n_jobs=1, random_state=3),
    "boosting": GradientBoostingClassifier(n_estimators=40, max_depth=3, subsample=0.6, random_state=3),
}


def rows(n=600, *, seed=7):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, 8))
    y = (X[:, 0] + X[:, 1] ** 2 + generator.normal(size=n) > 0.7).astype(int) + (X[:, 2] > 0.5)
    return X, y


def edge_rows(forest, X):
    """Rows that lie exactly on thresholds, and one float32 step beside them."""
    trees = forest.trees
    inner = np.flatnonzero(trees.left != np.arange(len(trees.left)))[::-1][:300]
    edges = np.repeat(X[:1], 3 * len(inner), axis=0)
    for at, node in enumerate(inner):
        exact = np.float32(trees.threshold[node])
        steps = (exact, np.nextafter(exact, np.float32(9)), np.nextafter(exact, np.float32(-9)))
        edges[3 * at : 3 * at + 3, trees.feature[node]] = steps
    return edges


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_equal_the_estimators(name, n_classes):
    X, y = rows()
    estimator = ESTIMATORS[name].fit(X, np.minimum(y, n_classes - 1))
    forest = flatten(estimator, classes=range(n_classes))
    for sample in (X, X[:1], rows(seed=11)[0] * 5, edge_rows(forest, X), edge_rows(forest, X)[:20]):
        ours, theirs = forest.predict_proba(sample), estimator.predict_proba(sample)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
        assert (ours.argmax(1) == theirs.argmax(1)).all()


def test_missing_values_go_where_the_forest_learned_to_send_them():
    X, y = rows()
    X[::7, 0] = np.nan
    estimator = ESTIMATORS["forest"].fit(X, y)
    forest = flatten(estimator, classes=range(3))
    for sample in (X, X[:14], X[:1], X[1:2]):
        np.testing.assert_allclose(forest.predict_proba(sample), estimator.predict_proba(sample), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_forecast_does_not_depend_on_how_many_rows_are_asked(name):
    X, y = rows()
    forest = flatten(ESTIMATORS[name].fit(X, y), classes=range(3))
    many = forest.predict_proba(X)
    assert isinstance(forest._compiled, compiled_trees.CompiledTrees)
    one_by_one = [flatten(ESTIMATORS[name], classes=range(3)).predict_proba(X[at : at + 1]) for at in range(5)]
    assert np.array_equal(many[:5], np.concatenate(one_by_one))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_row_alone_takes_the_same_way_at_every_threshold(name):
    X, y = rows()
    X[::7, 0] = np.nan if name == "forest" else 0.5
    forest = flatten(ESTIMATORS[name].fit(X, y), classes=range(3))
    asked = edge_rows(forest, X).astype(np.float32)[:240]
    alone = np.concatenate([forest.trees.leaves(asked[at : at + 1]) for at in range(len(asked))], axis=1)
    assert np.array_equal(alone, forest.trees.leaves(asked))


@pytest.mark.filterwarnings("ignore:overflow")  # scikit-learn's own, before it refuses
def test_what_float32_cannot_hold_is_refused_as_the_estimator_does():
    X, y = rows()
    estimator = ESTIMATORS["forest"].fit(X, y)
    forest = flatten(estimator, classes=range(3))
    X[3, 2] = 1e39
    for asked in (estimator, forest):
        with pytest.raises(ValueError, match="too large"):
            asked.predict_proba(X)
        with pytest.raises(ValueError, match=r"7.*8 features"):
            asked.predict_proba(X[:3, :7])


BROKEN = {
    "another type": {"left": np.zeros(3)},
    "no array": {"values": [[1.0]]},
    "differ in length": {"threshold": np.zeros(3, np.float32)},
    "leads outside": {"roots": np.array([10**6], np.int32)},
    "feature that it does not have": {"n_features": 1},
    "no trees": {"roots": np.zeros(0, np.int32)},
    "fit the leaves": {"values": np.zeros((2, 3))},
    "no kind of forest": {"kind": "oracle"},
    "not finite": {"rate": float("nan")},
}


@pytest.mark.parametrize("problem", BROKEN)
def test_a_broken_state_is_refused(problem):
    X, y = rows()
    state = flat_state.to_state(flatten(ESTIMATORS["forest"].fit(X, y), classes=range(3)))
    words = {"another type": "left is no array", "no array": "values is no array"}.get(problem, problem)
    with pytest.raises(IncompatibleArtifactError, match=words):
        flat_state.from_state(state | BROKEN[problem])


def two_trees(**changes):
    """Two trees of a root and two leaves, as a file tells them."""
    told = {"left": [1, 1, 2, 4, 4, 5], "right": [2, 1, 2, 5, 4, 5], "roots": [0, 3]} | changes
    return {
        "kind": "forest",
        "classes": [0, 1],
        "start": np.zeros(0),
        "rate": 1.0,
        "depth": 1,
        "n_features": 2,
        "feature_names": None,
        "feature": np.zeros(6, np.int16),
        "threshold": np.full(6, 0.5, np.float32),
        "missing_left": np.zeros(6, bool),
        "values": np.tile([0.4, 0.6], (4, 1)),
    } | {name: np.array(held, np.int32) if name in ("left", "right", "roots") else held for name, held in told.items()}


NO_TREES = {
    "a circle": {"left": [1, 1, 2, 4, 4, 5], "right": [0, 1, 2, 5, 4, 5]},
    "a child in another tree": {"right": [5, 1, 2, 5, 4, 5]},
    "a leaf with a child": {"right": [2, 2, 2, 5, 4, 5]},
    "a leaf of two nodes": {"right": [1, 1, 2, 5, 4, 5]},
    "roots the wrong way round": {"roots": [3, 0]},
    "a root twice": {"roots": [0, 0]},
    "a root in the middle": {"roots": [1, 3]},
}


@pytest.mark.parametrize("changes", NO_TREES.values(), ids=NO_TREES)
def test_nodes_that_are_no_trees_are_refused(changes):
    """Compiled trees would follow them for ever, or out of their memory."""
    with pytest.raises(IncompatibleArtifactError, match="no trees"):
        flat_state.from_state(two_trees(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": np.full(6, np.nan, np.float32)}, "threshold"),
        ({"classes": ["UP", "UP"]}, "classes are the same"),
        ({"cover": np.array([1.0, 1.0, 1.0, -1.0])}, "weights"),
        ({"feature_names": ["rsi"]}, "feature names"),
        ({"feature_names": "ab"}, "feature names"),
    ],
)
def test_a_state_that_says_nothing_sensible_is_refused(changes, words):
    with pytest.raises(IncompatibleArtifactError, match=words):
        flat_state.from_state(two_trees(**changes))


@pytest.mark.parametrize("told", [0, 4096])
def test_a_depth_that_is_not_true_changes_nothing(told):
    X, y = rows()
    forest = flatten(ESTIMATORS["forest"].fit(X, y), classes=range(3))
    again = flat_state.from_state(flat_state.to_state(forest) | {"depth": told})
    assert again.trees.depth == forest.trees.depth


@pytest.mark.parametrize("change", [{"loss": "exponential"}, {"init": RandomForestClassifier(3)}])
def test_boosting_of_another_kind_is_refused(change):
    X, y = rows()
    estimator = GradientBoostingClassifier(n_estimators=3, **change).fit(X, np.minimum(y, 1))
    with pytest.raises(IncompatibleArtifactError, match="serving form"):
        flatten(estimator, classes=range(2))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_state_of_plain_arrays_gives_the_same_forest(name):
    X, y = rows()
    forest = flatten(ESTIMATORS[name].fit(X, y), classes=range(3))
    again = flat_state.from_state(flat_state.to_state(forest))
    assert np.array_equal(again.predict_proba(X), forest.predict_proba(X))


def test_no_rows_give_no_probabilities():
    X, y = rows()
    forest = flatten(ESTIMATORS["forest"].fit(X, y), classes=range(3))
    assert forest.predict_proba(X[:0]).shape == (0, 3)


def test_an_estimator_without_trees_is_refused():
    X, y = rows()
    with pytest.raises(IncompatibleArtifactError, match="serving form"):
        flatten(LogisticRegression().fit(X, y), classes=range(3))
