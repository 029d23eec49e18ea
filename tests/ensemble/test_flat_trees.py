"""A flattened forest gives the estimator's own probabilities, at ties, at rounding edges and with missing values."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from lib.ensemble import flat_trees
from lib.errors import IncompatibleArtifactError

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
    inner = np.flatnonzero(trees.left != np.arange(len(trees.left)))[:300]
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
    forest = flat_trees.flatten(estimator, classes=range(n_classes))
    for sample in (X, X[:1], rows(seed=11)[0] * 5, edge_rows(forest, X)):
        ours, theirs = forest.predict_proba(sample), estimator.predict_proba(sample)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
        assert (ours.argmax(1) == theirs.argmax(1)).all()


def test_missing_values_go_where_the_forest_learned_to_send_them():
    X, y = rows()
    X[::7, 0] = np.nan
    estimator = ESTIMATORS["forest"].fit(X, y)
    forest = flat_trees.flatten(estimator, classes=range(3))
    np.testing.assert_allclose(forest.predict_proba(X), estimator.predict_proba(X), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_state_of_plain_arrays_gives_the_same_forest(name):
    X, y = rows()
    forest = flat_trees.flatten(ESTIMATORS[name].fit(X, y), classes=range(3))
    again = flat_trees.from_state(flat_trees.to_state(forest))
    assert np.array_equal(again.predict_proba(X), forest.predict_proba(X))


def test_no_rows_give_no_probabilities():
    X, y = rows()
    forest = flat_trees.flatten(ESTIMATORS["forest"].fit(X, y), classes=range(3))
    assert forest.predict_proba(X[:0]).shape == (0, 3)


def test_an_estimator_without_trees_is_refused():
    X, y = rows()
    with pytest.raises(IncompatibleArtifactError, match="serving form"):
        flat_trees.flatten(LogisticRegression().fit(X, y), classes=range(3))
