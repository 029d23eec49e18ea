"""The forecaster of one of our versions: what it answers, from bars and from features, at every horizon."""

import dataclasses
import math
import pickle

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.ensemble.votes import MOVES
from ensemble_desk.errors import (
    AllMembersAbstainedError,
    IncompatibleArtifactError,
    InvalidBarsError,
    InvalidFeaturesError,
    InvalidHorizonError,
    MissingFeaturesError,
    NotTrainedError,
    TooFewBarsError,
)
from ensemble_desk.market import features, labels
from ensemble_desk.market.labels import CLASSES

RESULT_KEYS = {
    "label",
    "confidence",
    "agreement",
    "probabilities",
    "component_predictions",
    "weights_used",
    "abstentions",
    "as_of",
    "horizon",
    "horizon_bars",
    "symbol",
    "timeframe",
    "version",
    "basis",
    "bands",
    "usual_rates",
    "edges",
    "lean",
}


@pytest.fixture
def ensemble(fitted):
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL")
    forecaster.inject(fitted.artifact())
    return forecaster


def _plain(value):
    if isinstance(value, dict):
        return all(_plain(inner) for inner in value.values())
    return value is None or type(value) in {str, float, int}


def test_a_forecast_from_bars_tells_everything_in_plain_values(ensemble, fitted):
    result = ensemble.predict(fitted.bars)
    assert set(result) == RESULT_KEYS
    assert result["as_of"] == fitted.bars.index[-1]
    assert _plain({name: value for name, value in result.items() if name != "as_of"})
    assert (result["horizon"], result["horizon_bars"], result["basis"]) == ("1D", 1, "trained")
    assert (result["symbol"], result["timeframe"], result["version"]) == ("AAPL", "d1", "20121231")
    probabilities = result["probabilities"]
    assert tuple(probabilities) == CLASSES
    assert sum(probabilities.values()) == pytest.approx(1)
    assert result["label"] == max(probabilities, key=probabilities.get)
    assert result["confidence"] == probabilities[result["label"]]
    assert result["abstentions"] == {}
    assert result["weights_used"] == pytest.approx({"rf": 0.4, "gb": 0.3, "arima_garch": 0.2, "prophet": 0.1})


def test_every_probability_stands_beside_its_usual_rate_at_the_trained_horizon(fitted):
    rates = {"BEARISH": 0.27, "NEUTRAL": 0.43, "BULLISH": 0.30}
    told = EnhancedEnsembleForecaster("1D", "AAPL")
    told.inject(fitted.artifact() | {"usual_rates": rates})
    result = told.predict(fitted.bars)
    assert result["usual_rates"] == rates
    assert result["edges"] == pytest.approx({name: result["probabilities"][name] - rates[name] for name in CLASSES})
    assert result["lean"] == max(result["edges"], key=result["edges"].get)
    batch = told.predict_batch(fitted.bars, last=1)
    assert batch["lean"].tolist() == [result["lean"]]
    assert batch["edge"].tolist() == pytest.approx([result["edges"][result["lean"]]])
    other = told.predict_horizon(fitted.bars, horizon="1W", horizon_bars=5)
    assert (other["usual_rates"], other["edges"], other["lean"]) == (None, None, None)


def test_a_version_reads_the_clocks_that_it_was_trained_by(fitted):
    bars = fitted.bars.set_axis(pd.date_range("2024-01-01", periods=len(fitted.bars), freq="h", tz="UTC", name="time"))
    wanted = {
        "timeframe": "h1",
        "horizon": "1H",
        "models": {"rf": fitted.members["rf"].state()},
        "weights": {"rf": 1.0},
    }
    for zone, told in (("America/New_York", {"feature_zone": "America/New_York"}), ("UTC", {})):
        ensemble = EnhancedEnsembleForecaster("1H", "AAPL")
        ensemble.inject(fitted.artifact() | wanted | told)
        ready = features.compute(bars, zone=zone)
        assert ensemble.predict(bars)["probabilities"] == ensemble.predict(ready)["probabilities"]
    with pytest.raises(IncompatibleArtifactError, match="Middle/Earth"):
        ensemble.inject(fitted.artifact() | {"feature_zone": "Middle/Earth"})


def test_price_members_without_weight_still_speak_about_other_horizons(fitted):
    told = EnhancedEnsembleForecaster("1D", "AAPL")
    told.inject(fitted.artifact() | {"weights": {"rf": 0.6, "gb": 0.4, "arima_garch": 0.0, "prophet": 0.0}})
    assert told.predict(fitted.bars)["weights_used"] == {"rf": 0.6, "gb": 0.4, "arima_garch": 0.0, "prophet": 0.0}
    other = told.predict_horizon(fitted.bars, horizon="1W", horizon_bars=5)
    assert other["weights_used"] == {"arima_garch": 0.5, "prophet": 0.5}


def test_price_members_tell_the_move_they_expect_with_its_bands(ensemble, fitted):
    result = ensemble.predict(fitted.bars)
    assert set(result["bands"]) == {"arima_garch", "prophet"}
    for told in result["bands"].values():
        assert tuple(told) == MOVES
        limits = [told[name] for name in ("low_95", "low_80", "low_50", "high_50", "high_80", "high_95")]
        assert limits == sorted(limits)
        assert told["low_50"] < told["expected"] < told["high_50"]
    batch = ensemble.predict_batch(fitted.bars, last=1)
    for name, told in result["bands"].items():
        assert batch[[f"{name}_{what}" for what in MOVES]].iloc[0].tolist() == pytest.approx(
            list(told.values()), abs=1e-9
        )
    longer = ensemble.predict_horizon(fitted.bars, horizon="1W", horizon_bars=5)["bands"]["arima_garch"]
    assert longer["high_80"] > result["bands"]["arima_garch"]["high_80"]
    assert ensemble.predict(features.compute(fitted.bars))["bands"] == {}


@pytest.mark.parametrize("name", ["arima_garch", "prophet"])
def test_bands_hold_about_the_share_of_moves_that_they_promise(fitted, name):
    rows = fitted.rows(slice(0, len(fitted.features)))
    moves = fitted.members[name].predict(rows, label=fitted.label).moves()
    came = labels.forward_return(fitted.bars, fitted.label).reindex(rows.index).to_numpy()
    known = np.isfinite(moves).all(axis=1) & np.isfinite(came)
    for share, low, high in ((0.5, 1, 2), (0.8, 3, 4), (0.95, 5, 6)):
        within = (came[known] > moves[known, low]) & (came[known] < moves[known, high])
        assert within.mean() == pytest.approx(share, abs=0.07)


def test_the_forecast_is_the_weighted_pool_then_temperature(ensemble, fitted):
    result = ensemble.predict(fitted.bars)
    parts = result["component_predictions"]
    pooled = sum(np.array(list(part["probabilities"].values())) * part["weight"] for part in parts.values())
    tempered = pooled ** (1 / 1.2)
    assert list(result["probabilities"].values()) == pytest.approx(tempered / tempered.sum())
    agreeing = sum(part["weight"] for part in parts.values() if part["label"] == result["label"])
    assert result["agreement"] == pytest.approx(agreeing)


def test_every_row_of_a_batch_is_what_a_single_forecast_of_that_day_would_have_been(ensemble, fitted):
    batch = ensemble.predict_batch(fitted.bars)
    bands = [f"{name}_{what}" for name in ("arima_garch", "prophet") for what in MOVES]
    assert list(batch.columns) == [*CLASSES, "label", "confidence", "agreement", "lean", "edge", *bands]
    assert batch.index.equals(fitted.bars.index[features.WARM_UP_BARS :])
    for day in batch.index[[-1, -60, -150]]:
        one = ensemble.predict(fitted.bars.loc[:day])
        assert batch.loc[day, "label"] == one["label"]
        assert batch.loc[day, list(CLASSES)].tolist() == pytest.approx(list(one["probabilities"].values()), abs=1e-9)
        assert batch.loc[day, "confidence"] == pytest.approx(one["confidence"], abs=1e-9)
        assert batch.loc[day, "agreement"] == pytest.approx(one["agreement"], abs=1e-9)


def test_ready_features_give_the_same_votes_and_price_members_abstain_with_a_reason(ensemble, fitted):
    ready = features.compute(fitted.bars)
    from_bars, result = ensemble.predict(fitted.bars), ensemble.predict(ready)
    assert set(result["abstentions"]) == {"arima_garch", "prophet"}
    assert all("needs bars" in reason for reason in result["abstentions"].values())
    assert result["weights_used"] == pytest.approx({"rf": 4 / 7, "gb": 3 / 7})
    assert result["as_of"] == ready.index[-1]
    for name in ("rf", "gb"):
        theirs = from_bars["component_predictions"][name]["probabilities"]
        assert result["component_predictions"][name]["probabilities"] == theirs


def test_features_beside_prices_let_every_member_vote(ensemble, fitted):
    both = fitted.bars.join(features.compute(fitted.bars), how="inner")
    result = ensemble.predict(both)
    assert result["abstentions"] == {}
    expected = ensemble.predict(fitted.bars)
    assert list(result["probabilities"].values()) == pytest.approx(list(expected["probabilities"].values()), abs=1e-3)


def test_features_without_times_are_forecast_without_a_date(ensemble, fitted):
    ready = features.compute(fitted.bars).reset_index(drop=True)
    assert ensemble.predict(ready)["as_of"] is None
    assert len(ensemble.predict_batch(ready)) == len(ready)


def test_another_horizon_asks_only_the_members_that_read_prices(ensemble, fitted):
    result = ensemble.predict_horizon(fitted.bars, horizon="1W", horizon_bars=5)
    assert set(result) == RESULT_KEYS
    assert (result["horizon"], result["horizon_bars"], result["basis"]) == ("1W", 5, "derived")
    assert result["weights_used"] == pytest.approx({"arima_garch": 2 / 3, "prophet": 1 / 3})
    assert result["abstentions"] == dict.fromkeys(("rf", "gb"), "it is trained for 1D only")
    parts = result["component_predictions"]
    pooled = sum(np.array(list(part["probabilities"].values())) * part["weight"] for part in parts.values())
    assert list(result["probabilities"].values()) == pytest.approx(pooled)  # no temperature: it was not learnt for this


def test_the_trained_horizon_is_the_forecast_itself(ensemble, fitted):
    assert ensemble.predict_horizon(fitted.bars, horizon="1D", horizon_bars=1) == ensemble.predict(fitted.bars)


def test_the_bars_looked_back_on_say_what_all_bars_say(ensemble, fitted):
    few = fitted.bars.tail(ensemble.lookback_bars())
    assert len(few) < len(fitted.bars)
    for h in (1, 5):
        asked = [ensemble.predict_horizon(bars, horizon=str(h), horizon_bars=h) for bars in (few, fitted.bars)]
        assert list(asked[0]["probabilities"].values()) == pytest.approx(
            list(asked[1]["probabilities"].values()), rel=1e-9
        )
        assert asked[0]["abstentions"] == asked[1]["abstentions"]


def test_many_horizons_at_once_are_each_the_same_as_alone(ensemble, fitted):
    horizons = {"1W": 5, "1D": 1, "1M": 21}
    alone = {name: ensemble.predict_horizon(fitted.bars, horizon=name, horizon_bars=h) for name, h in horizons.items()}
    assert ensemble.predict_horizons(fitted.bars, horizons) == alone
    ready = features.compute(fitted.bars)
    told = ensemble.predict_horizons(ready, horizons)
    assert told["1D"] == ensemble.predict_horizon(ready, horizon="1D", horizon_bars=1)
    assert isinstance(told["1W"], AllMembersAbstainedError)


def test_a_fixed_threshold_grows_with_the_square_root_of_the_horizon(fitted):
    label = dataclasses.replace(fitted.label, rule="fixed", fixed_threshold=0.01)
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL")
    forecaster.inject(fitted.artifact() | {"label": label.to_dict()})
    shares = [
        forecaster.predict_horizon(fitted.bars, horizon=name, horizon_bars=h)["component_predictions"]["arima_garch"][
            "probabilities"
        ]["NEUTRAL"]
        for name, h in (("1D", 1), ("1M", 21))
    ]
    assert shares[1] == pytest.approx(shares[0], abs=0.12)


def test_another_horizon_without_prices_is_refused_with_reasons(ensemble, fitted):
    with pytest.raises(AllMembersAbstainedError) as refused:
        ensemble.predict_horizon(features.compute(fitted.bars), horizon="1W", horizon_bars=5)
    assert "needs bars" in refused.value.reasons["arima_garch"]


@pytest.mark.parametrize(
    ("switch", "left"),
    [
        ({}, {"rf", "gb", "arima_garch", "prophet"}),
        ({"enable_prophet": False}, {"rf", "gb", "arima_garch"}),
        ({"enable_arima_garch": False, "enable_prophet": False}, {"rf", "gb"}),
    ],
)
def test_members_that_are_switched_off_are_left_out(fitted, switch, left):
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL", **switch)
    forecaster.inject(fitted.artifact())
    result = forecaster.predict(fitted.bars)
    assert set(result["component_predictions"]) == left
    assert sum(result["weights_used"].values()) == pytest.approx(1)
    assert result["abstentions"] == {}


def test_too_short_bars_still_get_the_votes_that_are_possible(ensemble, fitted):
    result = ensemble.predict(fitted.bars.tail(100))
    assert set(result["abstentions"]) == {"arima_garch"}
    assert result["weights_used"] == pytest.approx({"rf": 0.5, "gb": 0.375, "prophet": 0.125})
    with pytest.raises(TooFewBarsError):
        ensemble.predict(fitted.bars.tail(99))


def test_when_every_member_abstains_there_is_no_forecast(fitted):
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL")
    forecaster.inject(fitted.artifact() | {"models": {"rf": {"reason": "all rows were of one class"}}, "weights": {}})
    with pytest.raises(AllMembersAbstainedError, match="all rows were of one class"):
        forecaster.predict(fitted.bars)
    batch = forecaster.predict_batch(fitted.bars)
    assert batch["label"].isna().all()
    assert batch[["BEARISH", "confidence", "agreement"]].isna().all().all()


def test_a_missing_feature_is_an_error_that_names_it_and_never_a_zero(ensemble, fitted):
    ready = features.compute(fitted.bars).drop(columns=["macd", "rsi_14"])
    for ask in (ensemble.predict, ensemble.predict_batch):
        with pytest.raises(MissingFeaturesError) as refused:
            ask(ready)
        assert refused.value.missing == ("rsi_14", "macd")
        assert "20121231" in str(refused.value)


def test_features_that_are_no_numbers_are_refused(ensemble, fitted):
    ready = features.compute(fitted.bars)
    ready.iloc[-1, 0] = math.nan
    with pytest.raises(InvalidFeaturesError, match="return_1"):
        ensemble.predict(ready)


def _high_below_low(bars):
    return bars.assign(high=bars["low"] - 1)


@pytest.mark.parametrize(
    "spoil",
    [
        _high_below_low,
        lambda bars: bars.iloc[[*range(len(bars) - 3), -1, -2, -3]],
        lambda bars: bars.reset_index(drop=True),
        lambda bars: bars.assign(close=bars["close"].where(bars.index != bars.index[-5])),
        lambda bars: pd.concat([bars, bars.iloc[-1:]]),
        lambda bars: bars.iloc[:0],
    ],
)
def test_broken_bars_are_refused_and_change_nothing(ensemble, fitted, spoil):
    before = fitted.bars.copy()
    for ask in (
        ensemble.predict,
        ensemble.predict_batch,
        lambda df: ensemble.predict_horizon(df, horizon="1W", horizon_bars=5),
    ):
        with pytest.raises(InvalidBarsError):
            ask(spoil(fitted.bars))
    pd.testing.assert_frame_equal(fitted.bars, before)


def test_without_models_there_is_an_error_with_the_training_command(fitted):
    forecaster = EnhancedEnsembleForecaster("1W", "BRK.B")
    assert not forecaster.is_trained
    for ask in (forecaster.predict, forecaster.predict_batch):
        with pytest.raises(NotTrainedError, match=r"desk train --symbol BRK\.B --timeframe w1"):
            ask(fitted.bars)


def test_a_horizon_that_does_not_exist_is_refused():
    with pytest.raises(InvalidHorizonError, match=r"13W|and .* more"):
        EnhancedEnsembleForecaster("soon", "AAPL")


def test_injecting_tells_the_guides_statistics(ensemble, fitted):
    assert ensemble.is_trained
    assert ensemble.version == "20121231"
    assert ensemble.training_stats == {
        "ensemble_accuracy": 0.42,
        "weights": fitted.artifact()["weights"],
        "loaded_from": "AAPL_d1_20121231",
        "model_performances": {"rf": {"n_features": 24}},
    }
    assert ensemble.models is ensemble.ensemble_manager.ensemble.models


@pytest.mark.parametrize(
    "change",
    [
        {"models": {}},
        {"models": None},
        {"models": ["rf"]},
        {"models": {"rf": "text"}},
        {"weights": {"rf": -0.1, "gb": 1.1}},
        {"weights": {"rf": math.nan}},
        {"weights": {"rf": "half"}},
        {"weights": {"rf": 0.0, "gb": 0.0}},
        {"weights": {"lstm": 1.0}},
        {"weights": [0.5, 0.5]},
        {"temperature": 0.0},
        {"temperature": math.inf},
        {"temperature": "warm"},
        {"label": {"horizon_bars": 1, "unknown": 2}},
        {"label": "volatility"},
    ],
)
def test_an_artifact_that_cannot_be_served_is_refused_and_the_old_version_stays(ensemble, fitted, change):
    before = ensemble.predict(fitted.bars)
    with pytest.raises(IncompatibleArtifactError):
        ensemble.inject(fitted.artifact() | {"timestamp": "20130101"} | change)
    assert ensemble.predict(fitted.bars) == before


def test_the_version_may_be_named_by_the_caller(fitted):
    forecaster = EnhancedEnsembleForecaster("1D", "AAPL")
    forecaster.inject(fitted.artifact(), version="20121231r02")
    assert forecaster.predict(fitted.bars)["version"] == "20121231r02"


def test_an_artifact_read_back_from_its_pickle_forecasts_the_same(ensemble, fitted):
    again = EnhancedEnsembleForecaster("1D", "AAPL")
    again.inject(pickle.loads(pickle.dumps(fitted.artifact())))
    assert again.predict(fitted.bars) == ensemble.predict(fitted.bars)


def test_a_subclass_can_follow_another_version_before_every_forecast(fitted):
    newer = fitted.artifact() | {"timestamp": "20130105", "weights": {"rf": 1.0}}

    class Following(EnhancedEnsembleForecaster):
        def prepare(self):
            self.inject(newer)
            super().prepare()

    forecaster = Following("1D", "AAPL")
    forecaster.inject(fitted.artifact())
    assert forecaster.predict(fitted.bars)["version"] == "20130105"
    derived = forecaster.predict_horizon(fitted.bars, horizon="1D", horizon_bars=1)
    assert derived["weights_used"]["rf"] == 1


def test_a_gap_in_an_old_row_does_not_forbid_the_newest(ensemble, fitted):
    ready = fitted.features.iloc[-5:].copy()
    whole = ensemble.predict(ready)
    ready.iloc[1, [0, 3]] = math.nan
    assert ensemble.predict(ready)["probabilities"] == whole["probabilities"]


def test_a_gap_in_the_newest_row_is_named_by_column(ensemble, fitted):
    ready = fitted.features.iloc[-5:].copy()
    ready.iloc[-1, [0, 3]] = math.nan
    names = f"{ready.columns[0]}, {ready.columns[3]}"
    with pytest.raises(InvalidFeaturesError, match=f"the newest row lacks a finite number in {names}"):
        ensemble.predict(ready)
