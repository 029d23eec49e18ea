import pandas as pd
import pytest

from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import AllMembersAbstainedError, NotTrainedError
from ensemble_desk.forecasting import multi_horizon
from ensemble_desk.forecasting.multi_horizon import MIXED, HorizonForecast, MultiHorizonForecast
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting

IBM = Key("IBM", "w1")


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(IBM)


def trained(bars, members):
    ensemble = EnhancedEnsembleForecaster("1W", "IBM")
    content = fitting.fit_version(bars, label=fitting.default_label("w1"), members=members, seed=1)
    ensemble.inject(content, version="20130301")
    return ensemble


@pytest.fixture(scope="module")
def ensemble(bars):
    return trained(bars, ("rf", "arima_garch"))


def test_every_horizon_is_forecast_from_the_same_bar(ensemble, bars):
    found = multi_horizon.forecast(ensemble, IBM, bars.frame)
    assert {name: one.horizon_bars for name, one in found.forecasts.items()} == {"1W": 1, "4W": 4, "13W": 13}
    assert (found.symbol, found.timeframe, found.version) == ("IBM", "w1", "20130301")
    assert pd.Timestamp(found.as_of) == bars.frame.index[-1]
    assert found.unavailable == {}
    for one in found.forecasts.values():
        assert sum(one.probabilities.values()) == pytest.approx(1)
        assert one.confidence == max(one.probabilities.values()) == one.probabilities[one.label]
        assert 0 <= one.agreement <= 1


def test_only_the_trained_horizon_hears_every_member(ensemble, bars):
    found = multi_horizon.forecast(ensemble, IBM, bars.frame).forecasts
    assert {name: one.basis for name, one in found.items()} == {"1W": "trained", "4W": "derived", "13W": "derived"}
    assert found["1W"].abstentions == {}
    assert set(found["4W"].abstentions) == {"rf"}


def test_the_trained_horizon_is_what_predict_says(ensemble, bars):
    one = multi_horizon.forecast(ensemble, IBM, bars.frame).forecasts["1W"]
    told = ensemble.predict(bars.frame)
    assert (one.label, one.probabilities) == (told["label"], told["probabilities"])


def test_horizons_nobody_can_speak_about_are_named_with_the_reason(bars):
    found = multi_horizon.forecast(trained(bars, ("rf",)), IBM, bars.frame)
    assert set(found.forecasts) == {"1W"}
    assert set(found.unavailable) == {"4W", "13W"}
    assert "rf" in found.unavailable["4W"]


def test_an_untrained_ensemble_is_an_error(bars):
    with pytest.raises(NotTrainedError, match=r"desk train --symbol IBM --timeframe w1"):
        multi_horizon.forecast(EnhancedEnsembleForecaster("1W", "IBM"), IBM, bars.frame)


def test_no_horizon_at_all_is_an_error(bars):
    ensemble = EnhancedEnsembleForecaster("1W", "IBM", enable_arima_garch=False)
    ensemble.inject(
        fitting.fit_version(bars, label=fitting.default_label("w1"), members=("arima_garch",), seed=1), version="x"
    )
    with pytest.raises(AllMembersAbstainedError):
        multi_horizon.forecast(ensemble, IBM, bars.frame)


def made(*labels):
    forecasts = {
        str(n): HorizonForecast(str(n), n, label, 0.5, 1.0, {}, "trained", {}) for n, label in enumerate(labels)
    }
    return MultiHorizonForecast(IBM, None, None, forecasts, {})


@pytest.mark.parametrize(
    ("labels", "consensus"),
    [
        (("BULLISH",), "BULLISH"),
        (("BULLISH", "BULLISH", "BEARISH"), "BULLISH"),
        (("BULLISH", "BEARISH"), MIXED),
        (("BULLISH", "NEUTRAL", "BEARISH"), MIXED),
    ],
)
def test_the_consensus_takes_more_than_half_of_the_horizons(labels, consensus):
    assert made(*labels).consensus == consensus
