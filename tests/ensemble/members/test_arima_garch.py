"""The AR-GARCH member: it reads the label's own threshold and refuses fits that describe nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.ensemble.members import arima_garch, catalogue
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.market.labels import LabelSpec


def _bars(returns):
    close = 100 * np.exp(np.cumsum(returns))
    index = pd.date_range("2001-01-01", periods=len(close), freq="D", tz="UTC", name="time")
    return pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=index)


def _fit(bars):
    label = LabelSpec(horizon_bars=1)
    rows = Rows(bars.index, None, bars)
    return catalogue.build("arima_garch", label=label, timeframe="d1", seed=1).fit(
        rows, np.zeros(len(bars)), label=label
    )


def test_a_wider_threshold_makes_neutral_likelier_by_what_the_distribution_says(fitted):
    member = fitted.members["arima_garch"]
    narrow, wide = (
        member.predict(fitted.later, label=replace(fitted.label, multiplier=k)).probabilities for k in (0.25, 1.0)
    )
    assert (wide[:, 1] > narrow[:, 1] + 0.2).all()
    fixed = replace(fitted.label, rule="fixed", fixed_threshold=0.01)
    percent = member.predict(fitted.later, label=fixed).probabilities
    assert 0.2 < percent[:, 1].mean() < 0.8  # one per cent is about half of a day's deviation: the units agree


def test_forecasts_are_calibrated_on_data_of_the_models_own_kind():
    rng, n = np.random.default_rng(8), 3_000
    variance, returns = 1.0, []
    for _ in range(n):
        shock = rng.standard_t(6) * (variance * 4 / 6) ** 0.5
        returns.append(shock)
        variance = 0.05 + 0.08 * shock**2 + 0.87 * variance
    bars = _bars(np.array(returns) / 100)
    member = _fit(bars.iloc[:1_500])
    label = LabelSpec(horizon_bars=1, rule="fixed", fixed_threshold=0.006)
    asked = Rows(bars.index[1_500:-1], None, bars)
    p = member.predict(asked, label=label).probabilities
    neutral = np.abs(np.array(returns)[1_501:]) <= 0.6
    calm = p[:, 1] > np.median(p[:, 1])
    for group in (calm, ~calm):
        assert p[group, 1].mean() == pytest.approx(neutral[group].mean(), abs=0.05)
    assert neutral[calm].mean() > neutral[~calm].mean() + 0.05


def test_returns_whose_tails_have_no_variance_are_refused_with_the_reason():
    bars = _bars(np.random.default_rng(3).standard_t(1.8, 800) / 100)
    member = _fit(bars)
    votes = member.predict(Rows(bars.index[-5:], None, bars), label=LabelSpec(horizon_bars=1))
    assert np.isnan(votes.probabilities).all()
    assert "tails are too heavy" in votes.reason
    assert member.state() == {"reason": votes.reason}


def test_prices_that_never_move_are_refused_not_voted_neutral():
    bars = _bars(np.zeros(700))
    votes = _fit(bars).predict(Rows(bars.index[-5:], None, bars), label=LabelSpec(horizon_bars=1))
    assert np.isnan(votes.probabilities).all()
    assert votes.reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"alpha": 0.1, "beta": 0.9}, "not stationary"),
        ({"phi": -1.0}, "not stationary"),
        ({"nu": 2.3}, "too heavy"),
        ({"omega": -1.0}, "impossible"),
        ({"start": float("inf")}, "impossible"),
    ],
)
def test_parameters_without_a_variance_are_named(fitted, change, said):
    parameters = fitted.members["arima_garch"].parameters
    assert arima_garch._unusable(parameters) == ""
    assert said in arima_garch._unusable(replace(parameters, **change))
