import json

import pytest

from ensemble_desk.market import features, labels
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource

FIRST_KEYS = ["label", "confidence", "agreement", "probabilities", "version", "as_of"]


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(Key("AAPL", "d1")).frame.loc[:"2004-09-30"]


def told(done):
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_predict_asks_production_about_a_file_of_bars(folder, desk, bars, tmp_path):
    file = tmp_path / "bars.csv"
    bars.to_csv(file)
    found = told(desk("predict", "AAPL", "d1", "--file", file, "--json"))
    assert list(found)[: len(FIRST_KEYS)] == FIRST_KEYS
    assert found["label"] in labels.CLASSES
    assert found["confidence"] == max(found["probabilities"].values())
    assert (found["version"], found["as_of"]) == ("20040930", "2004-09-30T00:00:00+00:00")
    assert set(found["component_predictions"]) | set(found["abstentions"]) >= {"rf", "pooled_logit"}


def test_predict_takes_a_file_of_ready_features_and_any_version(folder, desk, bars, tmp_path):
    file = tmp_path / "features.csv"
    features.compute(bars).to_csv(file)
    found = told(desk("predict", "AAPL", "d1", "--file", file, "--version", "20040831", "--json"))
    assert found["version"] == "20040831"
    assert "needs bars" in found["abstentions"]["arima_garch"]


def test_predict_reads_the_newest_bars_of_the_source_by_default(folder, desk):
    found = told(desk("predict", "AAPL", "d1", "--json"))
    assert found["as_of"] == "2013-03-01T00:00:00+00:00"
    table = desk("predict", "aapl", "D1").out
    assert "confidence" in table
    assert found["label"] in table


def test_forecast_prints_every_horizon(folder, desk):
    (found,) = told(desk("forecast", "AAPL", "--json"))
    assert [row["horizon"] for row in found["forecasts"]] == ["1D", "1W", "1M"]
    assert (found["symbol"], found["timeframe"], found["version"]) == ("AAPL", "d1", "20040930")
    assert found["consensus"] in (*labels.CLASSES, "MIXED")
    assert told(desk("forecast", "--symbol", "AAPL", "--timeframe", "d1", "--json")) == [found]
    assert told(desk("forecast", "--all", "--json")) == [found]
    assert told(desk("forecast", "--all", "--timeframe", "w1", "--json")) == []
    assert "1M" in desk("forecast", "AAPL").out


def test_forecast_goes_on_after_a_key_that_cannot(folder, desk):
    (folder / "AAPL_d1_20040930.pkl").write_bytes(b"damaged")
    done = desk("forecast", "--all", "--json")
    assert (done.code, json.loads(done.out)) == (1, [])
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
