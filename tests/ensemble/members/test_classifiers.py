"""Members around scikit-learn estimators: rows that cannot be read abstain, estimators that fail do too."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from ensemble_desk.ensemble.members import catalogue
from ensemble_desk.ensemble.members.classifiers import FeatureMember
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.errors import InvalidFeaturesError, MissingFeaturesError


def test_rows_with_missing_features_abstain_alone(fitted):
    features = fitted.later.features.copy()
    features.iloc[3, 0] = np.nan
    features.iloc[5, 7] = np.inf
    votes = fitted.members["rf"].predict(Rows(features.index, features, None), label=fitted.label)
    assert np.flatnonzero(np.isnan(votes.probabilities).any(axis=1)).tolist() == [3, 5]
    whole = fitted.members["rf"].predict(fitted.later, label=fitted.label).probabilities
    np.testing.assert_allclose(votes.probabilities[[0, 4, 199]], whole[[0, 4, 199]])
    assert "finite" in votes.reason


def test_columns_are_found_by_name_in_any_order(fitted):
    backwards = fitted.later.features[fitted.features.columns[::-1]].assign(extra=1.0)
    votes = fitted.members["gb"].predict(Rows(backwards.index, backwards, None), label=fitted.label)
    np.testing.assert_array_equal(
        votes.probabilities, fitted.members["gb"].predict(fitted.later, label=fitted.label).probabilities
    )


def test_a_missing_column_is_an_error_that_names_it(fitted):
    features = fitted.later.features.drop(columns=["rsi_14", "macd"])
    with pytest.raises(MissingFeaturesError) as refused:
        fitted.members["rf"].predict(Rows(features.index, features, None), label=fitted.label)
    assert set(refused.value.missing) == {"rsi_14", "macd"}


def test_one_class_teaches_nothing_and_the_member_says_so_after_rebuilding_too(fitted):
    member = catalogue.build("rf", label=fitted.label, timeframe="d1", seed=1)
    member.fit(fitted.rows(slice(0, 50)), np.ones(50, dtype=np.int64), label=fitted.label)
    for asked in (member, catalogue.rebuild("rf", member.state(), label=fitted.label, timeframe="d1")):
        votes = asked.predict(fitted.later, label=fitted.label)
        assert np.isnan(votes.probabilities).all()
        assert "one class" in votes.reason


def test_fitting_without_features_is_an_error(fitted):
    rows = Rows(fitted.later.index, None, fitted.bars)
    with pytest.raises(InvalidFeaturesError, match="rf"):
        catalogue.build("rf", label=fitted.label, timeframe="d1", seed=1).fit(
            rows, fitted.classes[-200:], label=fitted.label
        )


def test_a_class_never_seen_gets_probability_zero(fitted):
    classes = np.where(fitted.classes[:300] == 2, 1, fitted.classes[:300])
    member = catalogue.build("gb", label=fitted.label, timeframe="d1", seed=1)
    member.fit(fitted.rows(slice(0, 300)), classes, label=fitted.label)
    probabilities = member.predict(fitted.later, label=fitted.label).probabilities
    assert (probabilities[:, 2] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


class _Broken(LogisticRegression):
    """An estimator that fits as usual and then answers as told."""

    answer: object = None

    def predict_proba(self, X):
        if isinstance(self.answer, Exception):
            raise self.answer
        return np.full((len(X), 3), self.answer)


@pytest.mark.parametrize(
    "answer",
    [ValueError("shape"), AttributeError("no attribute 'monotonic_cst'"), IndexError("9"), TypeError("x"), np.nan, 2.0],
)
def test_an_estimator_that_fails_abstains_and_never_votes_neutral(fitted, answer):
    estimator = _Broken().fit(fitted.features.to_numpy()[:100] * 0, np.arange(100) % 3)
    estimator.answer = answer
    votes = FeatureMember.serving("lr", estimator, numbered=True).predict(fitted.later, label=fitted.label)
    assert np.isnan(votes.probabilities).all()
    assert "its estimator" in votes.reason


@pytest.mark.parametrize(
    "steps",
    [[SimpleImputer()], [KNNImputer()], [QuantileTransformer(n_quantiles=50), KNNImputer()]],
)
def test_a_pipeline_whose_imputer_comes_first_fills_gaps_as_in_training(fitted, steps):
    features = fitted.features.to_numpy()[:300]
    estimator = make_pipeline(*steps, StandardScaler(), LogisticRegression()).fit(features, np.arange(300) % 3)
    asked = fitted.later.features.copy()
    asked.iloc[3, 0], asked.iloc[5, :] = np.nan, np.nan
    member = FeatureMember.serving("lr", estimator, numbered=True)
    votes = member.predict(Rows(asked.index, asked, None), label=fitted.label)
    assert np.flatnonzero(np.isnan(votes.probabilities).any(axis=1)).tolist() == [5]
    np.testing.assert_allclose(votes.probabilities[3], estimator.predict_proba(asked.to_numpy()[3:4])[0], rtol=1e-12)


def test_a_pipeline_that_needs_whole_rows_before_its_imputer_abstains(fitted):
    estimator = make_pipeline(PCA(2), KNNImputer(), LogisticRegression())
    estimator.fit(fitted.features.to_numpy()[:300], np.arange(300) % 3)
    assert not FeatureMember.serving("lr", estimator, numbered=True).fills_gaps
