"""Importing bars from a file, and the sessions that daily bars lack, from the command line."""

import json

import pandas as pd
import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource

KEY = Key("AAPL", "d1")


@pytest.fixture
def daily():
    return SampleSource().bars(KEY).tail(120).frame


def write(folder, frame, name="aapl.csv"):
    file = folder / name
    frame.to_csv(file)
    return file


def test_a_file_is_imported_once_and_restated_later(empty, desk, daily, tmp_path):
    asked = ("bars", "import", write(tmp_path, daily), "--symbol", "aapl", "--timeframe", "d1", "--json")
    first = json.loads(desk(*asked).out)
    assert (first["symbol"], first["n_added"], first["n_restated"]) == ("AAPL", 120, 0)
    assert {"what": "close", "value": "close"} in first["recognised"]
    daily.iloc[5, 4] += 1
    write(tmp_path, daily)
    again = json.loads(desk(*asked).out)
    assert (again["n_added"], again["n_unchanged"], again["n_restated"]) == (0, 119, 1)


def test_people_get_a_table_of_what_was_recognised(empty, desk, daily, tmp_path):
    done = desk("bars", "import", write(tmp_path, daily), "--symbol", "AAPL", "--timeframe", "d1")
    assert done.code == 0
    for told in ("comma-separated", "dates as written", "bars added", "120"):
        assert told in done.out


def test_questions_of_a_file_are_answered_by_options(empty, desk, daily, tmp_path):
    both = pd.concat([daily.head(5).assign(ticker="AAPL"), daily.head(5).assign(ticker="MSFT")])
    named = both.set_axis(both.index.strftime("%m/%d/%Y")).rename_axis("date")
    file = write(tmp_path, named)
    asked = ("bars", "import", file, "--symbol", "AAPL", "--timeframe", "d1")
    refused = desk(*asked)
    assert (refused.code, refused.out) == (1, "")
    assert "it holds 2 tickers (AAPL, MSFT). Choose one" in refused.err
    assert desk(*asked, "--ticker", "aapl", "--month-first").code == 0
    weekly = ("bars", "import", write(tmp_path, daily), "--symbol", "AAPL", "--timeframe", "w1")
    assert "Resample them up to w1" in desk(*weekly).err
    assert desk(*weekly, "--resample").code == 0


def test_what_was_imported_is_a_source(empty, desk, daily, tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_BARS_SOURCE", "database")
    missing = desk("bars", "sessions", "AAPL")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert "bars import FILE --symbol AAPL" in missing.err
    gapped = daily.drop(daily.index[[10, 20]])
    assert desk("bars", "import", write(tmp_path, gapped), "--symbol", "AAPL", "--timeframe", "d1").code == 0
    done = desk("bars", "sessions", "AAPL", "--json")
    assert done.code == 1
    told = json.loads(done.out)
    assert told["missing"] == [f"{daily.index[10]:%Y-%m-%d}", f"{daily.index[20]:%Y-%m-%d}"]
    assert desk("bars", "import", write(tmp_path, daily), "--symbol", "AAPL", "--timeframe", "d1").code == 0
    whole = desk("bars", "sessions", "AAPL")
    assert whole.code == 0
    assert "none" in whole.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("no-such-file.csv", "--symbol", "AAPL", "--timeframe", "d1"), 1, "it cannot be read"),
        (("no-such-file.csv", "--symbol", "AAPL", "--timeframe", "d2"), 2, "'d2' is not a timeframe"),
        (("no-such-file.csv", "--timeframe", "d1"), 2, "--symbol"),
    ],
)
def test_wrong_use_is_one_line(empty, desk, arguments, code, said):
    done = desk("bars", "import", *arguments)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_a_calendar_that_does_not_exist_is_wrong_usage(empty, desk, monkeypatch):
    monkeypatch.setenv("DESK_CALENDAR", "NOWHERE")
    done = desk("bars", "sessions", "AAPL")
    assert done.code == 2
    assert "DESK_CALENDAR" in done.err
