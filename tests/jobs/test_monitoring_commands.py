"""The commands of the log and of drift on real versions: replay, outcomes, live, check-drift, report, alerts."""

import json
import shutil
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, select

from ensemble_desk.database.tables.registry_tables import drift_monitoring, forecasts, kept_drift, outcomes
from ensemble_desk.jobs import app
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings
from ensemble_desk.training import demo as demonstration
from ensemble_desk.training.job import TrainingOutcome


@pytest.fixture(scope="module")
def replayed(trained_folder, tmp_path_factory):
    """The two versions, replayed to the sample's end and scored."""
    folder = tmp_path_factory.mktemp("replayed") / "models"
    shutil.copytree(trained_folder, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESK_MODELS_URL", str(folder))
        patch.delenv("DESK_DATABASE_URL", raising=False)
        assert app.main(["replay", "--all", "--json"]) == 0
        assert app.main(["outcomes", "--json"]) == 0
    return folder


@pytest.fixture
def watched(empty, replayed):
    shutil.copytree(replayed, empty, dirs_exist_ok=True)
    return empty


def told(done, code=0):
    assert done.code == code, done.err
    return json.loads(done.out)


@contextmanager
def writing(folder):
    with opening.open_registry(Settings(models_url=str(folder))) as registry, registry.database.writing() as connection:
        yield connection


def rows(folder, table):
    with opening.open_registry(Settings(models_url=str(folder))) as registry, registry.database.reading() as connection:
        return [tuple(row)[1:] for row in connection.execute(select(table).order_by(table.c.id))]


def test_replay_and_outcomes_run_twice_change_nothing(watched, desk):
    before = len(rows(watched, forecasts)), rows(watched, outcomes)
    (again,) = told(desk("replay", "--symbol", "AAPL", "--timeframe", "d1", "--json"))
    assert (again["n_new"], again["skipped"]) == (0, {})
    (scored,) = told(desk("outcomes", "--json"))
    assert (scored["matured"], scored["restated"], scored["void"], scored["pending"]) == (0, 0, 0, 0)
    assert (len(rows(watched, forecasts)), rows(watched, outcomes)) == before
    assert before[0] > 6_000


def test_check_drift_says_the_same_twice_and_rebuilt_from_scratch(watched, desk):
    first = desk("check-drift", "--json")
    history = rows(watched, drift_monitoring)
    second = desk("check-drift", "--json")
    assert (second.code, second.out) == (first.code, first.out)
    assert rows(watched, drift_monitoring) == history
    with writing(watched) as connection:
        for table in (drift_monitoring, outcomes, forecasts):
            connection.execute(delete(table))
    for command in (("replay", "--all"), ("outcomes",)):
        assert desk(*command).code == 0
    rebuilt = desk("check-drift", "--json")
    assert (rebuilt.code, rebuilt.out) == (first.code, first.out)
    assert rows(watched, drift_monitoring) == history
    (state,) = json.loads(first.out)
    assert state["kinds"] == ["replay"]
    assert first.code == int(state["drift_detected"])


def test_check_drift_exits_1_only_when_drift_is_confirmed(watched, desk):
    calm = desk("check-drift")
    assert (calm.code, "0 with a confirmed fall" in calm.err) == (0, True)
    with writing(watched) as connection:
        connection.execute(outcomes.update().values(label="BULLISH"))
        connection.execute(forecasts.update().values(p_bearish=0.8, p_neutral=0.1, p_bullish=0.1, label="BEARISH"))
        connection.execute(kept_drift.delete())  # the log is changed behind the back of what was made of it
    done = desk("check-drift", "--dry-run")
    assert done.code == 1
    assert "EMERGENCY" in done.out
    assert "retrain_now" in done.out
    assert "1 with a confirmed fall" in done.err
    assert "would be sent to nobody" in done.err
    assert "/drift?key=AAPL%2Fd1" in done.err
    assert told(desk("check-drift", "--symbol", "AAPL", "--json"), code=1)[0]["recommendation"] == "retrain_now"
    assert [one["subject"] for one in told(desk("alerts", "--json"))] == ["drift"]


def test_live_tells_what_every_accuracy_must_be_compared_with(watched, desk):
    found = told(desk("live", "AAPL", "d1", "--json"))
    assert (found["version"], found["kinds"], found["state"]) == ("20040930", ["replay"], "known")
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]
    assert {member["name"] for member in found["members"]} >= {"ensemble", "rf", "pooled_logit"}
    assert len(found["series"]["times"]) == found["accuracy"]["n"]
    table = desk("live", "AAPL", "d1").out
    for name in ("accuracy", "validated", "majority", "persistence", "promised", "replay", "against equal weights"):
        assert name in table
    whole = told(desk("live", "AAPL", "d1", "--key", "--horizon", "1W", "--json"))
    assert (whole["version"], whole["horizon"], whole["members"]) == (None, "1W", [])


def test_live_knows_no_version_that_is_not_there(watched, desk):
    assert desk("live", "AAPL", "d1", "--version", "20200101").code == 1


def test_live_says_why_there_is_nothing(folder, desk):
    assert "no forecasts" in desk("live", "AAPL", "d1").out
    assert told(desk("live", "AAPL", "d1", "--json"))["accuracy"]["value"] is None


def test_value_tells_what_acting_was_worth_beside_holding(watched, desk):
    found = told(desk("value", "AAPL", "d1", "--json"))
    assert (found["cost_bps"], found["n_tried"], found["kinds"]) == (5.0, 2, ["replay"])
    assert found["held"]["turnover"] < found["acted"]["turnover"]
    assert 0 <= found["deflated"] <= 1
    done = desk("value", "AAPL", "d1", "--key")
    assert done.code == 0
    assert "buy and hold" in done.out
    assert done.err.strip().startswith(("Nothing", "Worth"))


def test_the_report_is_one_file_that_needs_nothing_else(watched, desk, tmp_path):
    file = tmp_path / "aapl.html"
    done = desk("report", "AAPL", "d1", "--out", file)
    assert done.code == 0, done.err
    text = file.read_text("utf-8")
    assert len(text) < 1_000_000
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert text.count("<figure>") == 3
    assert not [told for told in ("<script", "http:", "https:", "url(", "NaN", ">nan") if told in text]
    for said in (
        "AAPL/d1",
        "20040930",
        "bundled sample, to 2013-03-01",
        "Replayed forecasts",
        "majority",
        "n_eff",
        "after costs",
    ):
        assert said in text
    refused = desk("report", "AAPL", "d1", "--out", tmp_path)
    assert (refused.code, "cannot be written" in refused.err) == (1, True)


def test_a_report_of_a_key_without_forecasts_says_so(folder, desk, tmp_path):
    file = tmp_path / "aapl.html"
    assert desk("report", "AAPL", "d1", "--out", file).code == 0
    assert "NOT MEASURED" in file.read_text("utf-8")


def test_diagnose_is_no_alarm(watched, desk):
    done = desk("diagnose", "AAPL", "d1")
    assert (done.code, "not an alarm" in done.err, "rsi_14" in done.out) == (0, True, True)
    found = told(desk("diagnose", "AAPL", "d1", "--version", "20040831", "--json"))
    assert found["version"] == "20040831"
    assert sum(one["importance"] for one in found["features"]) == pytest.approx(1)


def test_simulate_alarms_shows_both_rules_side_by_side(watched, desk):
    done = desk("simulate-alarms", "AAPL", "d1")
    assert (done.code, "bands alone" in done.out, "with evidence" in done.out) == (0, True, True)
    found = told(desk("simulate-alarms", "AAPL", "d1", "--drop", "25", "--seed", "3", "--json"))
    assert found["drop"] == 0.25
    assert found["ours"]["false_alarms_a_year"] <= found["guide"]["false_alarms_a_year"]


def test_forecast_logs_once_and_can_be_told_not_to(folder, desk):
    assert "new in the log" not in desk("forecast", "AAPL", "--no-log").err
    assert rows(folder, forecasts) == []
    assert "3 new in the log" in desk("forecast", "AAPL").err
    assert "holds these forecasts already" in desk("forecast", "--all").err
    assert len(rows(folder, forecasts)) == 3
    assert told(desk("outcomes", "--json"))[0]["pending"] == 3


def test_an_empty_log_says_what_to_do(folder, desk):
    assert "desk forecast --all" in desk("outcomes").out
    done = desk("check-drift")
    assert (done.code, "no forecast of this version has an outcome yet" in done.out) == (0, True)
    assert "nothing to alert about" in desk("alerts").out


@pytest.mark.parametrize(
    "arguments",
    [("replay",), ("replay", "--all", "--symbol", "AAPL"), ("report", "AAPL", "d1"), ("simulate-alarms", "AAPL")],
)
def test_wrong_use_is_told(folder, desk, arguments):
    assert desk(*arguments).code == 2


def test_a_symbol_nobody_knows_is_told(folder, desk):
    for command in ("outcomes", "check-drift"):
        assert desk(command, "--symbol", "NOPE").code == 1


def test_the_demo_fills_the_log_by_replay_once_it_has_trained(folder, desk, monkeypatch):
    done = TrainingOutcome(1, Key("AAPL", "d1"), "completed", "20040930", None, 1.0)
    monkeypatch.setattr(demonstration, "run", lambda *_args, **_kwargs: (done,))
    assert "forecasts replayed" in desk("demo").err
    kind = forecasts.c.keys().index("kind") - 1
    assert {row[kind] for row in rows(folder, forecasts)} == {"replay"}
    assert len(rows(folder, outcomes)) == len(rows(folder, forecasts)) > 6_000
    assert len(rows(folder, drift_monitoring)) > 2_000
    monkeypatch.setattr(demonstration, "run", lambda *_args, **_kwargs: ())
    assert "nothing to do" in desk("demo", "--if-empty").err
