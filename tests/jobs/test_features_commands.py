"""A team's own features from the command line: listed, trained with, forecast, explained, and missed when changed."""

import json
import linecache
import sys

import pytest

from ensemble_desk import settings
from ensemble_desk.market import feature_sets
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.preflight import steps

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
