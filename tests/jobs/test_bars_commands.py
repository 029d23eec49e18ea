"""Importing bars from a file, and the sessions that daily bars lack, from the command line."""

import json
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest

from ensemble_desk.jobs.inputs import many_bars
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings
from ensemble_desk.sources.importing import Rules
from ensemble_desk.sources.many_files import Part, of_folder
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.work.places import Place

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


def importing(file, *options):
    return ("bars", "import", file, "--symbol", "AAPL", "--timeframe", "d1", *options)


def test_a_mapping_is_said_once_kept_and_used_for_the_next_file(empty, desk, daily, tmp_path):
    names = dict(zip(daily, ("P1", "P2", "P3", "P4", "Pieces moved"), strict=True))
    file = write(tmp_path, daily.rename(columns=names).rename_axis("when"))
    refused = desk(*importing(file))
    assert refused.code == 1
    assert (
        'Say which column is which: --map time=when,open=P1,high=P2,low=P3,close=P4,volume="Pieces moved"'
        in refused.err
    )
    said = 'time=when,open=P1,high=P2,low=P3,close=P4,volume="Pieces moved"'
    assert desk(*importing(file, "--map", said, "--keep-as", "our export")).code == 0
    (kept,) = json.loads(desk("bars", "mappings", "--json").out)
    assert (kept["name"], kept["answers"]["mapping"][5]) == ("our export", ["volume", "Pieces moved"])
    again = json.loads(
        desk(
            *importing(write(tmp_path, daily.rename(columns=names).rename_axis("when").head(50), "next.csv"), "--json")
        ).out
    )
    assert again["n_unchanged"] == 50
    assert {"what": "note", "value": "read with the kept mapping our export"} in again["recognised"]
    assert "our export" in desk("bars", "mappings").out
    assert desk("bars", "mappings", "--forget", "our export").code == 0
    assert "No mapping is kept under the name 'our export'" in desk("bars", "mappings", "--forget", "our export").err


def test_a_file_without_names_takes_names_in_order(empty, desk, daily, tmp_path):
    file = tmp_path / "plain.csv"
    daily[["close", "volume", "open", "high", "low"]].to_csv(file, header=False)
    done = desk(*importing(file, "--columns", "time,close,volume,open,high,low", "--json"))
    assert json.loads(done.out)["n_added"] == 120
    assert desk(*importing(file, "--map", "nonsense")).code == 2


def test_many_bars_change_only_when_somebody_says_yes(empty, desk, daily, tmp_path):
    assert desk(*importing(write(tmp_path, daily))).code == 0
    file = write(tmp_path, daily.assign(volume=daily["volume"] + 1), "other.csv")
    refused = desk(*importing(file))
    assert refused.code == 1
    assert "This import would change 120 of 120 bars of AAPL/d1" in refused.err
    assert "Nothing changed" in refused.err
    assert json.loads(desk(*importing(write(tmp_path, daily), "--json")).out)["n_unchanged"] == 120
    assert json.loads(desk(*importing(file, "--yes", "--json")).out)["n_restated"] == 120


def test_weeks_dated_on_fridays_and_on_mondays_are_the_same_weeks(empty, desk, tmp_path):
    days = SampleSource().bars(KEY).frame
    weeks = (
        days.groupby(pd.Grouper(freq="W-FRI"))
        .agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
        .tail(100)
    )
    asked = ("--symbol", "AAPL", "--timeframe", "w1", "--json")
    fridays = desk("bars", "import", write(tmp_path, weeks), *asked)
    mondays = weeks.set_axis(weeks.index - pd.Timedelta(days=4)).rename_axis("time")
    again = json.loads(desk("bars", "import", write(tmp_path, mondays, "mondays.csv"), *asked).out)
    assert (json.loads(fridays.out)["n_added"], again["n_added"], again["n_unchanged"]) == (100, 0, 100)


def test_a_folder_is_imported_by_the_names_of_its_files(empty, desk, daily, tmp_path):
    folder = tmp_path / "bars"
    folder.mkdir()
    write(folder, daily, "AAPL_d1.csv")
    write(folder, daily.head(60), "msft-daily.csv")
    (folder / "IBM_d1.csv").write_text("<html>Sign in</html>")
    write(folder, daily, "notes_from_monday.csv")
    done = desk("bars", "import", folder, "--all", "--json")
    assert done.code == 1
    told = {one["file"]: one for one in json.loads(done.out)}
    assert (told["AAPL_d1.csv"]["n_added"], told["msft-daily.csv"]["symbol"]) == (120, "MSFT")
    assert "it is a web page" in told["IBM_d1.csv"]["problem"]
    assert "its name says no symbol and timeframe" in told["notes_from_monday.csv"]["problem"]


@pytest.fixture
def inbox(empty, tmp_path, daily):
    """A folder of files of 70 symbols, more than are done in one process."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for number in range(70):
        write(folder, daily.tail(5), f"S{number:02}_d1.csv")
    return folder


def imported(done):
    return {one["file"] for one in json.loads(done.out)}


def test_each_file_of_a_folder_is_in_one_part(empty, desk, inbox):
    (inbox / "notes.csv").write_text("nothing")
    parts = [imported(desk("bars", "import", inbox, "--all", "--shard", f"{n}/2", "--json")) for n in (1, 2)]
    assert all(parts)
    assert sum(map(len, parts)) == 71
    assert parts[0] | parts[1] == {file.name for file in inbox.iterdir()}


def test_only_the_symbols_of_a_list_are_imported(empty, desk, inbox, tmp_path):
    (tmp_path / "list.txt").write_text("s01\nS07\nGONE\n")
    done = desk("bars", "import", inbox, "--all", "--symbols-from", tmp_path / "list.txt", "--json")
    assert (done.code, imported(done)) == (1, {"S01_d1.csv", "S07_d1.csv"})
    assert "GONE" in done.err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--all", "--shard", "3/2"), 2, "3/2"),
        (("--all", "--symbols-from", "no-such-list.txt"), 2, "no-such-list.txt"),
        (("--all", "--symbol", "GONE"), 1, "GONE"),
        (("--symbol", "AAPL", "--timeframe", "d1", "--shard", "1/2"), 2, "--all"),
    ],
)
def test_a_part_that_does_not_exist_is_refused(desk, inbox, options, code, said):
    done = desk("bars", "import", inbox, *options)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_files_are_imported_by_several_processes_and_each_failure_is_told(empty, desk, inbox, daily):
    (inbox / "S05_d1.csv").write_text("<html>Sign in</html>")
    done = desk("bars", "import", inbox, "--all", "--jobs", "2", "--json")
    told = json.loads(done.out)
    assert done.code == 1
    assert [one["file"] for one in told] == sorted(file.name for file in inbox.iterdir())
    assert [one["file"] for one in told if one.get("n_added") != 5] == ["S05_d1.csv"]
    assert "it is a web page" in told[5]["problem"]


def test_of_two_files_of_one_key_the_last_one_counts(empty, desk, inbox, daily):
    write(inbox, daily.tail(5).assign(volume=7.0), "s03-daily.csv")
    told = json.loads(desk("bars", "import", inbox, "--all", "--jobs", "2", "--json").out)
    of_key = [(one["file"], one["n_added"], one["n_restated"]) for one in told if one["symbol"] == "S03"]
    assert of_key == [("S03_d1.csv", 5, 0), ("s03-daily.csv", 0, 5)]


class Deadly(Part):
    """A file that ends the process which reads it."""

    def read(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def __reduce__(self):
        return Deadly, (self.name, self.key, self.file, self.most_bytes)


def test_a_file_that_ends_its_process_is_lost_alone(empty, inbox):
    rules = Rules(Answers(), 2**20, datetime.now(UTC), None, may_restate=False)
    parts = [
        replace(part, name=f"{n} {part.name}") for n in (1, 2) for part in of_folder(inbox, timeframe=None, rules=rules)
    ]
    parts[7] = Deadly(parts[7].name, parts[7].key, parts[7].file, 2**20)
    with opening.open_registry(Settings(models_url=str(empty))) as registry:
        done = many_bars.run(registry, parts, rules=rules, place=Place(n_jobs=2, fewest=2))
    assert [one.name for one in done if one.problem] == ["1 S07_d1.csv"]
    assert [one.name for one in done] == [part.name for part in parts]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_every_symbol_of_a_long_table_is_imported(empty, desk, daily, tmp_path, form):
    long = pd.concat([daily.assign(symbol=name) for name in ("AAPL", "BRK.B", "MSFT")]).sort_index(kind="stable")
    file = tmp_path / f"long.{form}"
    long.reset_index().to_csv(file, index=False) if form == "csv" else long.to_parquet(file)
    done = json.loads(desk("bars", "import", file, "--all", "--timeframe", "d1", "--json").out)
    assert [(one["symbol"], one["n_added"]) for one in done] == [("AAPL", 120), ("BRK.B", 120), ("MSFT", 120)]
    assert desk("bars", "import", file, "--all").code == 2
