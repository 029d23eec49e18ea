"""A team's own features from the command line: listed, trained with, forecast, explained, and missed when changed."""

import json
import linecache
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from ensemble_desk import settings
from ensemble_desk.market import feature_sets
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.preflight import steps
from ensemble_desk.registry.serving import ensembles as serving

AAPL = Key("AAPL", "d1")
SOURCE = """
import pandas as pd


def momentum(bars):
    moves = bars["close"].pct_change()
    return pd.DataFrame({"own_5": moves.rolling(5).sum(), "own_20": moves.rolling(20).std()})


def ahead(bars):
    return pd.DataFrame({"own": bars["close"].shift(-1)})
"""


@pytest.fixture
def own(empty, tmp_path, monkeypatch):
    """A module of a team's, named by the settings."""
    file = tmp_path / "packages" / "their_features.py"
    file.parent.mkdir()
    file.write_text(SOURCE)
    monkeypatch.syspath_prepend(str(file.parent))
    monkeypatch.setenv("DESK_FEATURES", "mom=their_features:momentum,bad=their_features:ahead,gone=their_features:none")
    feature_sets._known.found.clear()
    feature_sets._known.tried.clear()
    yield file
    sys.modules.pop("their_features", None)
    feature_sets._known.found.clear()


def test_they_are_listed_with_what_is_wrong(own, desk):
    done = desk("features", "list", "--json")
    told = {row["name"]: row for row in json.loads(done.out)}
    assert done.code == 1
    assert list(told) == ["bad", "gone", "mom"]
    assert (told["mom"]["function"], len(told["mom"]["digest"])) == ("their_features:momentum", 64)
    assert "cannot be imported" in told["gone"]["problem"]


def test_a_version_is_trained_with_them_and_goes_all_the_way(own, desk):
    options = ("--features", "mom", "--members", "rf", "--as-of", "2004-08-31")
    done = desk("train", "--symbol", "AAPL", *options)
    assert done.code == 0, done.err
    shown = json.loads(desk("registry", "show", "AAPL", "d1", "--json").out)
    told = shown.get("manifest", shown)
    assert told["feature_set"]["name"] == "mom"
    assert told["feature_names"] == ["own_5", "own_20"]
    assert desk("forecast", "--symbol", "AAPL").code == 0
    assert desk("predict", "AAPL", "d1", "--json").code == 0
    assert desk("replay", "--symbol", "AAPL").code == 0
    assert desk("diagnose", "AAPL", "d1").code == 0
    found = _schema()
    assert found.outcome == "passed", found

    own.write_text(SOURCE.replace("rolling(5)", "rolling(6)"))
    sys.modules.pop("their_features", None)
    feature_sets._known.found.clear()
    found = _schema()
    assert found.outcome == "failed"
    assert "another function now" in found.detail


def _schema():
    linecache.clearcache()
    with opening.open_registry(settings.load()) as registry:
        report = steps.run(registry, Key("AAPL", "d1"), "20040831")
    return next(step for step in report.steps if step.name == "schema")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--features", "none"), "there is none of that name"),
        (("--features", "gone"), "cannot be imported"),
        (("--features", "bad", "--members", "rf", "--as-of", "2004-08-31"), "looks ahead: own at"),
    ],
)
def test_features_that_cannot_be_used_train_nothing(own, desk, options, problem):
    done = desk("train", "--symbol", "AAPL", *options)
    assert done.code == 1
    assert problem in done.err
    assert json.loads(desk("registry", "list", "--json").out) == []


@pytest.fixture
def ready(empty, tmp_path):
    """Bars of the sample, and features of them as another program would write them."""
    registry = opening.open_registry(settings.load())
    frame = registry.source.bars(AAPL).frame
    registry.close()
    moves = frame["close"].pct_change()
    table = pd.DataFrame({"close": frame["close"], "own_5": moves.rolling(5).sum(), "own_20": moves.rolling(20).std()})
    table["note"] = "calm"
    file = tmp_path / "rows.csv"

    def write(some):
        some.to_csv(file, index_label="Date", date_format="%d.%m.%Y")
        return str(file)

    return table, write


IMPORT = ("features", "import", "--set", "alpha", "--symbol", "AAPL", "--timeframe", "d1")


def test_ready_rows_are_imported_trained_with_forecast_and_missed(ready, desk, tmp_path):
    table, write = ready
    done = desk(*IMPORT, write(table[20:]), "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["n_added"], told["columns"], told["left_out"]) == (
        len(table) - 20,
        ["own_5", "own_20"],
        ["close", "note"],
    )
    again = json.loads(desk(*IMPORT, write(table[20:]), "--json").out)
    assert (again["n_added"], again["n_unchanged"], again["n_changed"]) == (0, len(table) - 20, 0)
    assert f"{len(table) - 20:,} imported rows of 1 symbols: own_5, own_20" in desk("features", "list").out
    options = ("--features", "alpha", "--members", "rf", "--as-of", "2004-08-31")
    done = desk("train", "--symbol", "AAPL", *options)
    assert done.code == 0, done.err
    told = json.loads(desk("registry", "show", "AAPL", "d1", "--json").out)
    manifest = told.get("manifest", told)
    assert (manifest["feature_set"]["name"], manifest["feature_names"]) == ("alpha", ["own_5", "own_20"])
    assert desk("replay", "--symbol", "AAPL").code == 0
    assert "own_5" in desk("diagnose", "AAPL", "d1").out
    prices = tmp_path / "bars.csv"
    registry = opening.open_registry(settings.load())
    frame = registry.source.bars(AAPL).frame
    registry.close()
    frame.tail(300).to_csv(prices)
    done = desk("predict", "AAPL", "d1", "--file", str(prices), "--json")
    assert done.code == 0, done.err
    later = frame.tail(1).set_axis(frame.index[-1:] + pd.Timedelta(days=3))
    pd.concat([frame.tail(300), later]).to_csv(prices)
    done = desk("predict", "AAPL", "d1", "--file", str(prices))
    assert done.code == 1
    assert "the newest row of the feature set alpha lacks a finite number in own_5, own_20" in done.err


def test_rows_without_a_bar_other_columns_and_many_changes_are_refused(ready, desk):
    table, write = ready
    assert desk(*IMPORT, write(table[20:])).code == 0
    shifted = table[20:].set_axis(table.index[20:] + pd.Timedelta(days=1))
    assert "have no bar of AAPL/d1. Import the bars first" in desk(*IMPORT, write(shifted)).err
    renamed = table.rename(columns={"own_5": "own_9"})
    assert "it lacks own_5 and adds own_9, unlike the features alpha so far" in desk(*IMPORT, write(renamed)).err
    moved = table.assign(own_5=table["own_5"] + 1)[20:]
    done = desk(*IMPORT, write(moved))
    assert "bars of AAPL/d1 in the features alpha" in done.err
    told = json.loads(desk(*IMPORT, write(moved), "--yes", "--json").out)
    assert (told["n_added"], told["n_changed"]) == (0, len(table) - 20)
    assert "is there twice. Keep one of them" in desk(*IMPORT, write(pd.concat([table, table[-1:]]))).err
    assert "its dates are in no known form" in desk(*IMPORT, write(table.reset_index(drop=True))).err
    assert "no column holds numbers that are no prices" in desk(*IMPORT, write(table[["close", "note"]])).err


def test_a_version_made_elsewhere_reads_the_set_that_was_told(ready, desk, empty, tmp_path):
    table, write = ready
    assert desk(*IMPORT, write(table[20:])).code == 0
    names, rows = ["own_5", "own_20"], table[20:620]
    model = LogisticRegression().fit(rows[names], np.where(rows["own_5"] > 0, "BULLISH", "BEARISH"))
    told = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20040831", "models": {"m": model}, "weights": {"m": 1.0}}
    (settings.load().models_folder / "AAPL_d1_20040831.pkl").write_bytes(
        pickle.dumps(told | {"ensemble_accuracy": 0.5})
    )
    assert desk("registry", "sync").code == 0
    prices = tmp_path / "bars.csv"
    with opening.open_registry(settings.load()) as registry:
        frame = registry.source.bars(AAPL).frame.tail(300)
    frame.to_csv(prices)
    assert "2 feature(s)" in desk("predict", "AAPL", "d1", "--file", str(prices)).err
    done = desk("registry", "describe", "AAPL/d1", "--horizon", "1", "--threshold", "0.01", "--features", "alpha")
    assert done.code == 0, done.err
    done = desk("predict", "AAPL", "d1", "--file", str(prices), "--json")
    assert done.code == 0, done.err
    expected = model.predict_proba(table[names].tail(1))[0]
    assert json.loads(done.out)["probabilities"]["BULLISH"] == pytest.approx(expected[1], abs=1e-12)
    with opening.open_registry(settings.load()) as registry:
        served = serving.content(registry, AAPL, "20040831")["feature_set"]
    assert served == {"name": "alpha", "digest": feature_sets.get("alpha").digest}
