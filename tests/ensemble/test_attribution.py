"""Contributions add up to what each member says, and to what the pool says."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from ensemble_desk.ensemble import attribution
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.ensemble.members import ratios
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.market import features


def ensemble_of(artifact):
    ensemble = EnhancedEnsembleForecaster("1D", "AAPL")
    ensemble.inject(artifact)
    return ensemble


def explained(ensemble, frame):
    told = ensemble.predict(frame)
    return told, attribution.explain(ensemble, frame, weights_used=told["weights_used"])


def vote(told, name):
    return list(told["component_predictions"][name]["probabilities"].values())


@pytest.mark.parametrize("n_bars", [1_100, 1_050, 950, 500])
def test_contributions_add_up_to_each_members_own_probabilities(fitted, n_bars):
    told, found = explained(ensemble_of(fitted.artifact()), fitted.bars.iloc[:n_bars])
    assert set(found.by_member) == {"rf", "gb"}
    for name, one in found.by_member.items():
        assert one.probabilities == pytest.approx(vote(told, name), abs=1e-12)
        assert one.contributions.sum(axis=1) == pytest.approx(0, abs=1e-12)
        assert one.features == features.FEATURE_NAMES
        assert one.row.tolist() == features.compute(fitted.bars.iloc[:n_bars]).iloc[-1].tolist()


def test_ratios_of_the_pooled_member_add_up_to_what_it_says(fitted):
    artifact = fitted.artifact()
    artifact["models"]["pooled_logit"] = fitted.members["pooled_logit"].state()
    artifact["weights"]["pooled_logit"] = 0.5
    told, found = explained(ensemble_of(artifact), fitted.bars)
    one = found.by_member["pooled_logit"]
    assert one.features == ratios.RATIOS
    assert one.probabilities == pytest.approx(vote(told, "pooled_logit"), abs=1e-12)
    assert one.contributions.sum(axis=1) == pytest.approx(0, abs=1e-12)
    assert set(found.pooled.features) == {*features.FEATURE_NAMES, *ratios.RATIOS}


def test_the_pool_weighs_members_by_what_they_voted_with(fitted):
    told, found = explained(ensemble_of(fitted.artifact()), fitted.bars)
    weights = told["weights_used"]
    assert found.share == pytest.approx(weights["rf"] + weights["gb"])
    expected = (weights["rf"] * np.array(vote(told, "rf")) + weights["gb"] * np.array(vote(told, "gb"))) / found.share
    assert found.pooled.probabilities == pytest.approx(expected, abs=1e-12)


def test_members_that_read_prices_are_said_to_have_none(fitted):
    _, found = explained(ensemble_of(fitted.artifact()), fitted.bars)
    assert set(found.unexplained) == {"arima_garch", "prophet"}
    assert "prices" in found.unexplained["arima_garch"]


def test_priors_are_what_the_members_say_on_average_to_what_they_learnt(fitted):
    _, found = explained(ensemble_of(fitted.artifact()), fitted.bars)
    shares = np.bincount(fitted.classes[: fitted.n_learnt], minlength=3) / fitted.n_learnt
    assert found.by_member["rf"].prior == pytest.approx(shares, abs=0.02)  # bootstrap samples differ a little
    assert found.by_member["gb"].prior == pytest.approx(shares, abs=0.02)


def test_a_feature_that_no_tree_compares_speaks_for_nothing(fitted):
    X = fitted.features.iloc[: fitted.n_learnt].copy()
    X["return_1"] = 0.0
    forest = RandomForestClassifier(20, max_depth=4, random_state=1).fit(X, fitted.classes[: fitted.n_learnt])
    _, found = explained(ensemble_of({"models": {"rf": forest}, "weights": {"rf": 1.0}}), fitted.bars)
    assert found.pooled.contributions[found.pooled.features.index("return_1")].tolist() == [0, 0, 0]
    assert np.abs(found.pooled.contributions).sum() > 0


@pytest.mark.parametrize(
    "estimator",
    [
        ExtraTreesClassifier(15, max_depth=5, random_state=2),
        GradientBoostingClassifier(n_estimators=40, learning_rate=0.5, max_depth=4, random_state=2),
        GradientBoostingClassifier(n_estimators=10, init="zero", random_state=2),
    ],
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_other_programs_trees_add_up_as_well(fitted, estimator, n_classes):
    X, y = fitted.features.iloc[: fitted.n_learnt], fitted.classes[: fitted.n_learnt]
    chosen = y > 0 if n_classes == 2 else y >= 0
    names = np.array(["BEARISH", "NEUTRAL", "BULLISH"])[y]
    artifact = {"models": {"any": estimator.fit(X[chosen], names[chosen])}, "weights": {"any": 1.0}}
    told, found = explained(ensemble_of(artifact), fitted.bars)
    assert found.by_member["any"].probabilities == pytest.approx(vote(told, "any"), abs=1e-12)


def test_an_estimator_that_is_no_sum_of_trees_says_so(fitted):
    X, y = fitted.features.iloc[: fitted.n_learnt], fitted.classes[: fitted.n_learnt]
    names = np.array(["BEARISH", "NEUTRAL", "BULLISH"])[y]
    linear = LogisticRegression(max_iter=5_000).fit(X, names)
    _, found = explained(ensemble_of({"models": {"any": linear}, "weights": {"any": 1.0}}), fitted.bars)
    assert (found.pooled, found.share, found.by_member) == (None, 0, {})
    assert "LogisticRegression" in found.unexplained["any"]


def test_ready_features_are_explained_without_bars(fitted):
    told, found = explained(ensemble_of(fitted.artifact()), fitted.features.reset_index(drop=True))
    assert set(found.by_member) == {"rf", "gb"}
    assert found.share == pytest.approx(1)
    assert not found.unexplained
    assert set(told["abstentions"]) == {"arima_garch", "prophet"}


def test_ranking_puts_the_strongest_first_and_leaves_zeros_out(fitted):
    _, found = explained(ensemble_of(fitted.artifact()), fitted.bars)
    moves = np.abs(found.pooled.contributions[:, 2])
    order = attribution.ranked(found.pooled, label=2, most=8)
    assert len(order) == 8
    assert (np.diff(moves[order]) <= 0).all()
    none = attribution.Attribution(("a",), np.zeros(1), np.ones(3) / 3, np.zeros((1, 3)))
    assert attribution.ranked(none, label=0, most=8) == []


def test_it_leaves_the_rows_of_a_member_alone(fitted):
    member = fitted.members["rf"]
    rows = Rows(fitted.features.index[-1:], fitted.features.tail(1), None)
    before = member.predict(rows, label=fitted.label).probabilities
    explained(ensemble_of(fitted.artifact()), fitted.bars)
    assert (member.predict(rows, label=fitted.label).probabilities == before).all()
