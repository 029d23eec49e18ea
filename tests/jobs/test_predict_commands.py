"""The command that asks one version says what the page says, and asks what the page asks as errors with options."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.ensemble.members import ratios
from ensemble_desk.forecasting import batches
from ensemble_desk.market import features, labels
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.index import versions
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource

KEY = Key("AAPL", "d1")
NEWEST = "20040930"


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(KEY).frame.loc["2003":"2004-09-30"]


def told(done):
    assert done.code == 0, done.err
    return json.loads(done.out)


def write(path, frame):
    frame.to_csv(path)
    return path


def test_a_prediction_comes_with_its_reasons_and_with_what_was_recognised(folder, desk, bars, tmp_path):
    file = write(tmp_path / "bars.csv", bars.rename(columns=str.title).assign(Extra=1.0))
    found = told(desk("predict", "AAPL", "d1", "--file", file, "--json"))
    assert set(found["contributions"]) <= {*features.FEATURE_NAMES, *ratios.RATIOS}
    assert len(found["contributions"]) > 5
    assert 0 < found["explained_share"] < 1 + 1e-9
    assert set(found["unexplained"]) <= {"arima_garch", "prophet"}
    said = {fact["what"]: fact["value"] for fact in found["recognised"]}
    assert (said["close"], said["columns left out"]) == ("Close", "Extra")
    table = desk("predict", "AAPL", "d1", "--file", file).out
    assert all(word in table for word in ("speaks for it", "speaks against it", "recognised close"))


def test_values_beyond_the_training_range_are_told(folder, desk, bars, tmp_path):
    wild = bars.copy()
    wild.iloc[-1, :4] *= [3, 3.2, 2.8, 3]
    file = write(tmp_path / "bars.csv", wild)
    found = told(desk("predict", "AAPL", "d1", "--file", file, "--json"))
    assert "return_1" in [one["feature"] for one in found["outside_training_range"]]
    assert "outside the training range" in desk("predict", "AAPL", "d1", "--file", file).out


def test_several_tickers_are_chosen_by_an_option(folder, desk, bars, tmp_path):
    both = pd.concat([bars.assign(ticker="AAPL"), (bars * 2).assign(ticker="IBM")])
    file = write(tmp_path / "both.csv", both)
    refused = desk("predict", "AAPL", "d1", "--file", file)
    assert (refused.code, "2 tickers" in refused.err) == (1, True)
    assert told(desk("predict", "AAPL", "d1", "--file", file, "--ticker", "ibm", "--json"))["label"] in labels.CLASSES


def test_day_and_month_are_settled_by_an_option(folder, desk, bars, tmp_path):
    few = bars.loc["2004-03-08":"2004-03-10"]
    file = write(tmp_path / "few.csv", few.set_axis(few.index.strftime("%m/%d/%Y")).rename_axis("Date"))
    assert "either way" in desk("predict", "AAPL", "d1", "--file", file).err
    for option in ("--month-first", "--day-first"):
        done = desk("predict", "AAPL", "d1", "--file", file, option)
        assert done.code == 1
        assert "either way" not in done.err
    assert "has 3 bars" in desk("predict", "AAPL", "d1", "--file", file, "--month-first").err


def test_finer_bars_are_put_together_on_demand(folder, desk, tmp_path):
    hours = pd.date_range("2004-01-02 14:00", periods=4_000, freq="h", tz="UTC", name="time")
    close = 20 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.002, len(hours))))
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 1.0}, index=hours)
    file = write(tmp_path / "hours.csv", frame)
    assert "Resample them up to d1" in desk("predict", "AAPL", "d1", "--file", file).err
    found = told(desk("predict", "AAPL", "d1", "--file", file, "--resample", "--json"))
    assert found["as_of"].startswith("2004-06-")


def test_wrong_rows_are_left_out_on_demand(folder, desk, bars, tmp_path):
    broken = bars.copy()
    broken.iloc[200, broken.columns.get_loc("close")] = np.nan
    file = write(tmp_path / "broken.csv", broken)
    assert "line 202: close is missing" in desk("predict", "AAPL", "d1", "--file", file).err
    assert told(desk("predict", "AAPL", "d1", "--file", file, "--leave-out", "--json"))["label"] in labels.CLASSES


def test_a_batch_holds_what_the_page_offers_for_download(folder, desk, bars, tmp_path):
    file = write(tmp_path / "bars.csv", bars)
    with opening.open_registry(Settings(models_url=str(folder))) as registry:
        expected = batches.forecast(registry, KEY, NEWEST, bars)
        digest = versions.get(registry, KEY, NEWEST).sha256
    for name in ("all.csv", "all.parquet"):
        out = tmp_path / name
        found = told(desk("predict", "AAPL", "d1", "--file", file, "--batch", "all", "--out", out, "--json"))
        assert (found["rows"], sum(found["labels"].values())) == (len(expected), len(expected))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "all.parquet"), expected, check_freq=False)
    text = pd.read_csv(io.BytesIO((tmp_path / "all.csv").read_bytes()))
    assert set(text["sha256"]) == {digest}
    assert set(text["version"].astype(str)) == {NEWEST}
    assert text["confidence"].to_numpy() == pytest.approx(expected["confidence"].to_numpy(), rel=1e-15)


def test_a_batch_without_a_file_name_is_printed(folder, desk):
    rows = told(desk("predict", "AAPL", "d1", "--batch", "3", "--json"))
    assert [row["row"] for row in rows][-1] == "2013-03-01T00:00:00+00:00"
    assert len(rows) == 3
    assert all(row["version"] == NEWEST and len(row["sha256"]) == 64 for row in rows)
    assert desk("predict", "AAPL", "d1", "--batch", "3").out.count(NEWEST) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch", "none"], "no number of rows"),
        (["--batch", "0"], "no number of rows"),
        (["--batch", "3", "--out", "x.xlsx"], "neither .csv nor .parquet"),
        (["--out", "x.csv"], "--out goes with --batch"),
    ],
)
def test_wrong_options_are_refused_before_any_work(folder, desk, options, said):
    done = desk("predict", "AAPL", "d1", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_files_that_cannot_be_read_or_written_are_named(folder, desk, tmp_path):
    assert "missing.csv" in desk("predict", "AAPL", "d1", "--file", tmp_path / "missing.csv").err
    away = tmp_path / "nowhere" / "x.csv"
    done = desk("predict", "AAPL", "d1", "--batch", "2", "--out", away)
    assert done.code == 1
    assert "cannot be written" in done.err
    assert not away.parent.exists()


def test_a_second_version_is_asked_about_the_same_rows(folder, desk):
    found = told(desk("predict", "AAPL", "d1", "--against", "20040831", "--json"))
    alone = told(desk("predict", "AAPL", "d1", "--version", "20040831", "--json"))
    assert found["against"]["version"] == "20040831"
    assert found["against"]["probabilities"] == alone["probabilities"]
    assert found["version"] == NEWEST
    assert "against 20040831" in desk("predict", "AAPL", "d1", "--against", "20040831").out
    assert desk("predict", "AAPL", "d1", "--against", "19990101").code == 1


def test_every_timeframe_is_asked_for_a_consensus(folder, desk):
    found = told(desk("consensus", "aapl", "--until", "2004-11-30", "--json"))
    assert [row["timeframe"] for row in found["timeframes"]] == ["m15", "h1", "h4", "d1", "w1"]
    daily = found["timeframes"][3]
    assert (daily["version"], daily["as_of"], daily["in_sample"]) == (NEWEST, "2004-11-30T00:00:00+00:00", False)
    assert (found["label"], found["agreement"], found["n_speaking"]) == (None, None, 1)
    assert all("no version" in row["problem"] for row in found["timeframes"] if row["timeframe"] != "d1")
    done = desk("consensus", "AAPL")
    assert (done.code, "no consensus" in done.err) == (0, True)


def test_a_key_without_a_version_says_how_to_train_one(folder, desk):
    done = desk("predict", "MSFT", "d1")
    assert done.code == 1
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("names", ["rf,svm", "", "lstm"])
def test_members_that_cannot_be_trained_are_refused_before_any_run(folder, desk, names, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)  # as if it were not installed
    done = desk("train", "--symbol", "AAPL", "--members", names)
    assert done.code in {1, 2}
    assert ("ensemble-desk[lstm]" in done.err) == (names == "lstm")
