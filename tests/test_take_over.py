"""The page about taking over runs as it is written: from a folder of pickles to a watched fleet."""

import pickle
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from ensemble_desk.jobs import app
from ensemble_desk.market import features
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.evidence.bands import Band
from ensemble_desk.registry import opening
from ensemble_desk.registry.ledger import production
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "take-over.md").read_text("utf-8")
SYMBOLS, DAYS = ("AAPL", "IBM"), ("2012-06-29", "2012-08-31")


def commands():
    """Every command of the page, in order; each block of settings comes with the environment of the test."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("desk ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What another trainer left: classes by its own names, five days ahead, and not a word about it."""
    folder = tmp_path_factory.mktemp("models")
    for symbol in SYMBOLS:
        bars = SampleSource().bars(Key(symbol, "d1")).frame
        table = features.compute(bars)
        move = np.log(bars["close"].shift(-5) / bars["close"]).reindex(table.index)
        said = pd.Series(np.where(move > 0.009, "UP", np.where(move < -0.009, "DOWN", "FLAT")), index=table.index)
        for day in DAYS:
            known = table.loc[:day].index[-605:-5]
            model = RandomForestClassifier(8, max_depth=4, random_state=1).fit(table.loc[known], said[known])
            name = day.replace("-", "")
            told = {"symbol": symbol, "timeframe": "d1", "timestamp": name, "ensemble_accuracy": 0.42}
            whole = told | {"models": {"rf": model}, "weights": {"rf": 1.0}}
            (folder / f"{symbol}_d1_{name}.pkl").write_bytes(pickle.dumps(whole))
    bars = SampleSource().bars(Key("AAPL", "d1")).frame
    bars.to_csv(folder.parent / "aapl.csv")
    return folder


def test_the_page_is_run_from_top_to_bottom(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent)
    monkeypatch.setenv("DESK_MODELS_URL", str(folder))
    monkeypatch.delenv("DESK_DATABASE_URL", raising=False)
    codes = {}
    for arguments in commands():
        codes[" ".join(arguments[:2])] = app.main(arguments)
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        if arguments[:2] == ["registry", "describe"]:
            assert "followed" in told.out
        if arguments[0] == "check-drift":
            assert "2 keys, 0 with a confirmed fall" in told.err
            assert "0 not measured" in told.err
    assert codes.pop("registry sync") == 1  # nobody has told what DOWN, FLAT and UP mean
    assert set(codes.values()) == {0}
    with opening.open_registry(Settings(models_url=str(folder))) as registry:
        assert {str(one.key): one.version for one in production.fleet(registry)} == {
            "AAPL/d1": "20120831",
            "IBM/d1": "20120831",
        }
        found = drift.fleet(registry).states
    assert {(str(one.key), one.horizon) for one in found} == {("AAPL/d1", "1W"), ("IBM/d1", "1W")}
    assert all(one.band is not Band.NOT_MEASURED and one.live.n > 80 for one in found)


def test_the_page_names_no_command_that_there_is_not():
    assert len(commands()) > 12
