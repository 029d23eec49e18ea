"""Exporting a team's file from the command line, and taking it in without its pickle."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

FEATURES = ["rsi", "macd", "volatility_20"]
NAME = "AAPL_d1_20250121.pkl"


@pytest.fixture
def file(tmp_path):
    random = np.random.default_rng(1)
    features = pd.DataFrame(random.normal(size=(120, 3)), columns=FEATURES)
    classes = np.array(["BEARISH", "NEUTRAL", "BULLISH"])[random.integers(0, 3, 120)]
    rf = RandomForestClassifier(3, max_depth=3, random_state=1).fit(features, classes)
    made = tmp_path / NAME
    made.write_bytes(pickle.dumps({"models": {"rf": rf}, "weights": {"rf": 1.0}, "ensemble_accuracy": 0.4}))
    features[:40].to_csv(tmp_path / "rows.csv", index=False)
    return made


def test_a_file_is_exported_and_taken_in(desk, empty, file):
    sample = file.parent / "rows.csv"
    done = desk("export", file, "--trust", "--sample", sample, "--out", empty, "--json")
    told = json.loads(done.out)
    assert done.code == 0
    assert (told["symbol"], told["timeframe"], told["version"]) == ("AAPL", "d1", "20250121")
    assert told["members"] == [{"member": "rf", "form": "trees", "largest_difference": pytest.approx(0, abs=1e-12)}]
    assert json.loads(desk("registry", "sync", "--json").out)["added"] == ["AAPL_d1_20250121.safetensors"]
    assert json.loads(desk("registry", "production", "AAPL", "d1", "--json").out)["version"] == "20250121"
    assert desk("registry", "verify").code == 0


def test_people_are_told_how_each_member_is_served(desk, empty, file):
    done = desk("export", file, "--trust", "--sample", file.parent / "rows.csv")
    assert "trees" in done.out
    assert "desk registry sync" in done.err
    assert (file.parent / "exported" / "AAPL_d1_20250121.safetensors").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), (1, "Add --trust")),
        (("--trust",), (1, "--sample FILE.csv")),
        (("--trust", "--sample", "nowhere.csv"), (1, "cannot be read")),
        (("--trust", "--onnx", "rf"), (2, "is not MEMBER=FILE")),
    ],
)
def test_what_is_missing_is_said(desk, empty, file, more, said):
    done = desk("export", file, *more)
    code, told = said
    assert done.code == code
    assert told in done.err
    assert not (file.parent / "exported").exists()
