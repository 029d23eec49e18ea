"""The forest that is asked and not kept says, to the last bit, what scikit-learn's says."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from ensemble_desk.ensemble.flat import growing
from ensemble_desk.ensemble.flat.growing import GrownForest
from ensemble_desk.ensemble.members import catalogue


@pytest.mark.parametrize("timeframe", ["d1", "w1"])
def test_a_forest_that_is_not_kept_votes_as_the_one_that_is(fitted, timeframe):
    votes = []
    for kept in (True, False):
        member = catalogue.build("rf", label=fitted.label, timeframe=timeframe, seed=3, kept=kept)
        member.fit(fitted.rows(slice(0, 903)), fitted.classes[:903], label=fitted.label)
        votes.append(member.predict(fitted.later, label=fitted.label).probabilities)
    np.testing.assert_array_equal(*votes)


def test_classes_of_any_kind_and_every_row_drawn_are_scikit_learns_too():
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(401, 7)), rng.choice(["down", "up"], 401)
    X[:, 0] += y == "up"
    grown = GrownForest(n_trees=9, leaf=5, share=1.0, seed=11).fit(X, y)
    theirs = RandomForestClassifier(n_estimators=9, min_samples_leaf=5, random_state=11).fit(X, y)
    np.testing.assert_array_equal(grown.predict_proba(X), theirs.predict_proba(X))
    assert grown.classes_.tolist() == theirs.classes_.tolist() == ["down", "up"]


def test_names_are_told_and_what_float32_cannot_hold_is_refused():
    table = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20.0) % 3})
    y = (table["a"] > 9).to_numpy()
    grown = GrownForest(n_trees=2, leaf=2, share=0.5, seed=1)
    with pytest.raises(ValueError, match="not grown"):
        grown.predict_proba(table)
    assert list(grown.fit(table, y).feature_names_in_) == ["a", "b"]
    for ask in (grown.predict_proba, lambda X: grown.fit(X, y)):
        with pytest.raises(ValueError, match="too large for float32"):
            ask(table * 1e300)


def test_another_release_of_scikit_learn_grows_its_own(fitted, monkeypatch):
    monkeypatch.setattr(growing, "_WRITTEN_FOR", "0.0.")
    told = {"n_trees": 5, "leaf": 40, "share": 0.5, "seed": 3}
    theirs = growing.forest(**told)
    assert isinstance(theirs, RandomForestClassifier)
    X, y = fitted.rows(slice(0, 903)).features, fitted.classes[:903]
    ours = GrownForest(**told).fit(X, y)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.fit(X, y).predict_proba(X))
