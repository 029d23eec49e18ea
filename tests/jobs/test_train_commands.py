import json

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.training import fleet
from ensemble_desk.training.fleet import TrainingRequest

OUTCOME_KEYS = ["run_id", "symbol", "timeframe", "status", "version", "error", "seconds", "known"]


def test_train_as_of_a_day_registers_a_version(empty, desk):
    done = desk("train", "--symbol", "aapl", "--as-of", "2002-08-30", "--json")
    outcome = json.loads(done.out)
    assert done.code == 0
    assert list(outcome) == OUTCOME_KEYS
    assert (outcome["symbol"], outcome["timeframe"], outcome["version"]) == ("AAPL", "d1", "20020830")
    listed = json.loads(desk("registry", "list", "--json").out)
    assert [row["version"] for row in listed] == ["20020830"]


def test_a_failed_training_exits_1_with_its_reason(empty, desk):
    done = desk("train", "--symbol", "FB", "--json")
    assert done.code == 1
    assert json.loads(done.out)["status"] == "failed"
    assert "needs at least" in done.err.splitlines()[-1]


def test_train_all_trains_every_key_of_the_source(empty, desk, monkeypatch):
    asked = []

    def train_all(_settings, requests, *, n_jobs, actor, progress):
        asked.append((requests, n_jobs, actor))
        return ()

    monkeypatch.setattr(fleet, "train_all", train_all)
    assert desk("train", "--all", "--timeframe", "w1", "--jobs", 3).code == 0
    ((requests, n_jobs, actor),) = asked
    assert (n_jobs, actor) == (3, "ann")
    assert TrainingRequest(Key("^GSPC", "w1")) in requests
    assert {request.key.timeframe for request in requests} == {"w1"}


def test_a_demo_beside_versions_does_nothing(folder, desk):
    before = sorted(file.name for file in folder.iterdir())
    done = desk("demo", "--if-empty")
    assert (done.code, done.out) == (0, "")
    assert "versions already" in done.err
    assert [name for name in sorted(file.name for file in folder.iterdir()) if name.endswith(".pkl")] == [
        name for name in before if name.endswith(".pkl")
    ]


def test_a_demo_tells_each_version_as_it_is_done(empty, desk, monkeypatch):
    weekly = (TrainingRequest(Key("IBM", "w1"), None), TrainingRequest(Key("FB", "w1"), None))
    monkeypatch.setattr("ensemble_desk.training.demo.plan", lambda _source: weekly)
    done = desk("demo", "--if-empty", "--json")
    outcomes = json.loads(done.out)
    assert done.code == 1
    assert [one["status"] for one in outcomes] == ["completed", "failed"]
    assert "IBM/w1 20130301" in done.err
    assert "FB/w1 failed" in done.err


@pytest.mark.parametrize("which", [(), ("--symbol", "AAPL", "--all")])
def test_train_wants_one_symbol_or_all(empty, desk, which):
    assert desk("train", *which).code == 2


def test_a_version_can_be_trained_at_another_horizon_and_is_forecast_and_scored_there(empty, desk):
    options = ("--horizon", "10D", "--threshold", "0.02", "--members", "rf", "--as-of", "2004-08-31")
    assert desk("train", "--symbol", "AAPL", *options).code == 0
    shown = json.loads(desk("registry", "show", "AAPL", "d1", "--json").out)
    told = shown.get("manifest", shown)
    label = told["label"]
    assert told["horizon"] == "10D"
    assert (label["horizon_bars"], label["rule"], label["fixed_threshold"]) == (10, "fixed", 0.02)
    said = json.loads(desk("forecast", "--symbol", "AAPL", "--json").out)
    assert [told["horizon"] for row in said for told in row["forecasts"]] == ["10D"]
    assert desk("replay", "--symbol", "AAPL").code == 0
    assert desk("outcomes", "--symbol", "AAPL").code == 0
    live = json.loads(desk("live", "AAPL", "d1", "--version", "20040831", "--json").out)
    assert (live["horizon"], live["horizon_bars"]) == ("10D", 10)
    assert live["counts"]["replay"]["matured"] > 100


@pytest.mark.parametrize(
    "options",
    [
        ("--horizon", "4h"),
        ("--horizon", "0"),
        ("--threshold", "-1"),
        ("--threshold", "nan"),
        ("--threshold", "0.01", "--multiplier", "0.5"),
    ],
)
def test_a_label_that_cannot_be_is_refused_and_no_run_recorded(empty, desk, options):
    assert desk("train", "--symbol", "AAPL", *options).code == 2
    assert json.loads(desk("runs", "--json").out)["total"] == 0
