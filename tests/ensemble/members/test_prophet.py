"""The prophet member: its plain trend is prophet's own, and rows far from the fitted window abstain."""

import logging

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.ensemble.members import catalogue, prophet_trend
from ensemble_desk.ensemble.votes import Rows
from ensemble_desk.market import labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.sources.sample import SampleSource


def test_the_plain_trend_equals_prophets_prediction_inside_and_beyond_the_window(fitted, monkeypatch):
    import prophet

    made = []

    class Watched(prophet.Prophet):
        def fit(self, *args, **kwargs):
            made.append(self)
            return super().fit(*args, **kwargs)

    monkeypatch.setattr(prophet, "Prophet", Watched)
    y = np.log(fitted.bars["close"].to_numpy()[:500])
    trend = prophet_trend.fit(y, seed=3)
    days = pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(560), unit="D")
    with prophet_trend._quiet():
        theirs = made[0].predict(pd.DataFrame({"ds": days}))["yhat"].to_numpy()
    np.testing.assert_allclose(trend.at(np.arange(560.0)), theirs, atol=1e-9)


def test_the_trend_does_not_depend_on_the_prices_unit(fitted):
    y = np.log(fitted.bars["close"].to_numpy()[:400])
    dollars, cents = (prophet_trend.fit(y + shift, seed=1) for shift in (0.0, np.log(100)))
    at = np.arange(420.0)
    np.testing.assert_allclose(cents.at(at) - dollars.at(at), np.log(100), atol=1e-4)


def test_fitting_is_quiet_and_leaves_the_loggers_as_they_were(fitted, capfd, caplog):
    with caplog.at_level(logging.DEBUG):
        prophet_trend.fit(np.log(fitted.bars["close"].to_numpy()[:300]), seed=1)
    assert capfd.readouterr().err == ""
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []
    assert not logging.getLogger("cmdstanpy").disabled


def test_a_rising_trend_makes_bullish_likelier_than_bearish():
    rng = np.random.default_rng(6)
    index = pd.date_range("2001-01-01", periods=400, freq="D", tz="UTC", name="time")
    for direction in (1, -1):
        close = np.exp(np.cumsum(0.01 * rng.standard_normal(400) + direction * 0.004))
        bars = pd.DataFrame({"close": close}, index=index)
        label = LabelSpec(horizon_bars=5)
        member = catalogue.build("prophet", label=label, timeframe="d1", seed=1)
        member.fit(Rows(index[:350], None, bars), np.zeros(350), label=label)
        p = member.predict(Rows(index[350:], None, bars), label=label).probabilities
        assert (direction * (p[:, 2] - p[:, 0]) > 0.2).all()


def test_rows_before_the_window_and_long_after_it_abstain(fitted, aapl):
    label, whole = LabelSpec(horizon_bars=1), aapl.iloc[-2_600:]
    learnt = Rows(whole.index[:900], None, whole)
    member = catalogue.build("prophet", label=label, timeframe="d1", seed=1).fit(learnt, np.zeros(900), label=label)
    votes = member.predict(Rows(whole.index[100:-1], None, whole), label=label)
    voted = np.isfinite(votes.probabilities).all(axis=1)
    assert not voted[:50].any()  # bar 149 is the last one before the window of 750
    assert voted[50:1_550].all()  # to one window length after its end
    assert not voted[1_560:].any()
    assert "too far" in votes.reason


def test_bars_that_begin_after_the_window_are_placed_by_the_calendar(fitted, aapl):
    label, whole = LabelSpec(horizon_bars=1), aapl.iloc[-2_600:]
    learnt = Rows(whole.index[:900], None, whole)
    member = catalogue.build("prophet", label=label, timeframe="d1", seed=1).fit(learnt, np.zeros(900), label=label)
    row = whole.index[1_400:1_401]
    reaching = member.predict(Rows(row, None, whole), label=label).probabilities
    recent = member.predict(Rows(row, None, whole.iloc[1_300:]), label=label).probabilities
    np.testing.assert_array_equal(recent, reaching)
    late = member.predict(Rows(whole.index[-1:], None, whole.iloc[-60:]), label=label)
    assert np.isnan(late.probabilities).all()
    assert "too far" in late.reason


def test_a_horizon_longer_than_the_window_can_tell_abstains(fitted):
    votes = fitted.members["prophet"].predict(fitted.later, label=LabelSpec(horizon_bars=720))
    assert np.isnan(votes.probabilities).all()
    assert "too short" in votes.reason


def test_a_failing_optimiser_makes_the_member_abstain(fitted, monkeypatch):
    def fail(*args, **kwargs):
        problem = "Error during optimization"
        raise RuntimeError(problem)

    monkeypatch.setattr("prophet.Prophet.fit", fail)
    member = catalogue.build("prophet", label=fitted.label, timeframe="d1", seed=1)
    member.fit(fitted.rows(slice(0, fitted.n_learnt)), fitted.classes, label=fitted.label)
    votes = member.predict(fitted.later, label=fitted.label)
    assert np.isnan(votes.probabilities).all()
    assert "Error during optimization" in votes.reason


def test_prices_that_never_move_abstain():
    index = pd.date_range("2001-01-01", periods=400, freq="D", tz="UTC", name="time")
    bars = pd.DataFrame({"close": np.full(400, 10.0)}, index=index)
    label = LabelSpec(horizon_bars=1)
    member = catalogue.build("prophet", label=label, timeframe="d1", seed=1)
    member.fit(Rows(index[:350], None, bars), np.zeros(350), label=label)
    votes = member.predict(Rows(index[350:], None, bars), label=label)
    assert np.isnan(votes.probabilities).all()
    assert votes.reason


@pytest.mark.parametrize("horizon_bars", [1, 5])
def test_later_real_bars_are_no_more_surprising_than_to_somebody_who_knows_nothing(horizon_bars):
    label, losses = LabelSpec(horizon_bars=horizon_bars), []
    for symbol in ("AAPL", "IBM", "MSFT"):
        bars = SampleSource().bars(Key(symbol, "d1")).frame.iloc[-3_270:]
        y = labels.label(bars, label).to_numpy()
        for n_learnt in (1_090, 1_962, 2_834):
            member = catalogue.build("prophet", label=label, timeframe="d1", seed=1)
            member.fit(Rows(bars.index[:n_learnt], None, bars), np.zeros(n_learnt), label=label)
            asked = np.arange(n_learnt, n_learnt + 430)
            p = member.predict(Rows(bars.index[asked], None, bars), label=label).probabilities
            losses.append(-np.log(p[np.arange(430), y[asked].astype(int)]).mean())
    assert np.mean(losses) < np.log(3)  # draws at t + h minus the fitted value at t: 1.74 and more
