"""The member that learns from every symbol: from no row after its cut, and served as plain numbers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from ensemble_desk.ensemble.members import catalogue, pooled_logit, ratios
from ensemble_desk.ensemble.votes import Pooled, Rows
from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market import features


def member(rows, classes, label):
    return catalogue.build("pooled_logit", label=label, timeframe="d1", seed=1).fit(rows, classes, label=label)


def test_ratios_mean_the_same_at_any_price_and_any_volatility_of_the_close(aapl):
    bars = aapl.iloc[-300:]
    scaled = bars.assign(**{name: bars[name] * 37.0 for name in ("open", "high", "low", "close")})
    one, other = (ratios.of(features.compute(frame)[list(ratios.FEATURES)].to_numpy()) for frame in (bars, scaled))
    assert one.shape == (len(bars) - features.WARM_UP_BARS, len(ratios.RATIOS))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_flat_prices_have_finite_ratios():
    assert np.isfinite(ratios.of(np.zeros((1, len(ratios.FEATURES))))).all()


def test_it_says_what_a_logistic_regression_on_standardised_ratios_says(fitted):
    told = ratios.of(fitted.features[list(ratios.FEATURES)].to_numpy())
    learnt = told[: fitted.n_learnt]
    center, scale = learnt.mean(axis=0), learnt.std(axis=0)
    theirs = LogisticRegression(C=pooled_logit.C, solver="newton-cholesky", tol=1e-12)
    theirs.fit((learnt - center) / scale, fitted.classes[: fitted.n_learnt])
    ours = fitted.members["pooled_logit"].predict(fitted.later, label=fitted.label).probabilities
    expected = theirs.predict_proba((told[fitted.n_learnt :] - center) / scale)
    np.testing.assert_allclose(ours, expected, atol=1e-7)


def test_it_learns_from_pooled_rows_whose_outcome_was_known_at_the_cut_and_from_no_other(fitted):
    rows = fitted.rows(slice(0, 400))
    cut = rows.index[-1]
    told = ratios.of(fitted.features[list(ratios.FEATURES)].to_numpy())
    known_at = pd.DatetimeIndex(fitted.features.index + pd.Timedelta(days=1))
    pooled = Pooled(told, fitted.classes, known_at, ("AAPL",))
    n_known = int((known_at <= cut).sum())
    assert 0 < n_known < 400
    first = member(Rows(rows.index, rows.features, rows.bars, pooled=pooled), fitted.classes[:400], fitted.label)
    other = Pooled(told.copy(), fitted.classes.copy(), known_at, ("AAPL",))
    other.ratios[n_known:], other.classes[n_known:] = 7.0, 0  # whatever comes later
    second = member(Rows(rows.index, rows.features, rows.bars, pooled=other), fitted.classes[:400], fitted.label)
    assert first.n_rows == second.n_rows == n_known
    votes = [one.predict(fitted.later, label=fitted.label).probabilities for one in (first, second)]
    np.testing.assert_array_equal(votes[0], votes[1])


def test_a_row_alone_gets_what_it_gets_among_others_in_any_form(fitted):
    asked, rows = fitted.members["pooled_logit"], fitted.later
    together = asked.predict(rows, label=fitted.label).probabilities
    values = rows.features.to_numpy()
    ready = Rows(rows.index, rows.features, None, tuple(rows.features.columns), values)
    np.testing.assert_array_equal(asked.predict(ready, label=fitted.label).probabilities, together)
    alone = asked.predict(ready.since(len(values) - 1), label=fitted.label).probabilities
    np.testing.assert_allclose(alone[0], together[-1], atol=1e-13)
    told = values[:, [rows.features.columns.get_loc(name) for name in ratios.FEATURES]]
    np.testing.assert_allclose([ratios.of_one(row) for row in told.tolist()], ratios.of(told), atol=1e-12)


def test_what_it_cannot_learn_from_or_read_is_an_abstention_with_a_reason(fitted):
    rows, classes = fitted.rows(slice(0, 300)), fitted.classes[:300]
    strange = Rows(rows.index, rows.features[["month"]], rows.bars)
    assert "this program" in member(strange, classes, fitted.label).predict(strange, label=fitted.label).reason
    two = member(rows, np.where(classes == 0, 1, classes), fitted.label)
    assert two.state() == {"reason": "not every class is among the 300 rows it could learn from"}
    rebuilt = catalogue.rebuild("pooled_logit", two.state(), label=fitted.label, timeframe="d1")
    assert np.isnan(rebuilt.predict(rows, label=fitted.label).probabilities).all()
    holed = rows.features.copy()
    holed.iloc[5, holed.columns.get_loc("rsi_14")] = np.nan
    votes = fitted.members["pooled_logit"].predict(Rows(rows.index, holed, None), label=fitted.label)
    assert np.flatnonzero(np.isnan(votes.probabilities).any(axis=1)).tolist() == [5]
    assert "not finite" in votes.reason
    only_prices = Rows(rows.index, None, fitted.bars)
    assert "features" in fitted.members["pooled_logit"].predict(only_prices, label=fitted.label).reason


@pytest.mark.parametrize(
    "broken",
    [
        {"ratios": ["rsi_14"]},
        {"weights": np.zeros((15, 2))},
        {"intercept": np.array([0.0, np.nan, 0.0])},
        {"scale": np.zeros(15)},
        {"feature_names": ["month"]},
        {"n_rows": "many"},
    ],
)
def test_a_state_that_does_not_fit_is_refused(fitted, broken):
    state = fitted.members["pooled_logit"].state() | broken
    with pytest.raises(IncompatibleArtifactError, match="pooled_logit"):
        catalogue.rebuild("pooled_logit", state, label=fitted.label, timeframe="d1")
