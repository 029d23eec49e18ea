"""The command desk daily, and the choice of keys that the commands share."""

import json

import pytest


def test_a_day_is_done_and_listed(folder, desk):
    done = desk("daily", "--dry-run", "--json")
    assert done.code in (0, 1)
    told = json.loads(done.out)
    outcomes = {step["name"]: step["outcome"] for step in told["steps"]}
    assert outcomes["bars"] == "skipped"
    assert outcomes["forecast"] == outcomes["outcomes"] == outcomes["rehearse"] == outcomes["alerts"] == "done"
    assert (done.code == 0) is (told["status"] == "done")
    again = json.loads(desk("daily", "--dry-run", "--json").out)
    assert again["id"] == told["id"] + 1
    listed = json.loads(desk("daily", "--list", "5", "--json").out)
    assert [one["id"] for one in listed] == [again["id"], told["id"]]


def test_files_of_bars_are_taken_in_first_and_a_bad_one_hides_no_step(folder, desk, tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_BARS_SOURCE", "database")
    files = tmp_path / "bars"
    files.mkdir()
    (files / "nothing.csv").write_text("a,b\n1,2\n")
    done = desk("daily", "--bars", files, "--dry-run")
    assert done.code == 1
    assert "bars: found something" in done.err
    assert "alerts: done" in done.err


@pytest.mark.parametrize("command", ["forecast --all", "outcomes", "check-drift --dry-run", "replay --all"])
def test_the_parts_of_the_keys_together_are_all_of_them(folder, desk, command):
    assert desk("forecast", "AAPL").code == 0
    parts = [json.loads(desk(*command.split(), "--shard", f"{number}/3", "--json").out) for number in (1, 2, 3)]
    assert sorted(len(part) for part in parts) == [0, 0, 1]


@pytest.mark.parametrize(
    "command", ["forecast --all", "outcomes", "check-drift", "replay --all", "train --all", "registry rehearse --all"]
)
def test_a_part_that_does_not_exist_is_wrong_usage_and_does_nothing(folder, desk, command):
    done = desk(*command.split(), "--shard", "9/8")
    assert (done.code, done.out) == (2, "")
    assert "'9/8' is no part of the keys" in done.err


def test_symbols_of_a_file_are_done_and_those_that_are_none_are_told(folder, desk, tmp_path):
    file = tmp_path / "symbols.txt"
    file.write_text("aapl\nNOBODY\n")
    done = desk("forecast", "--all", "--symbols-from", file, "--json")
    assert done.code == 1
    assert {one["symbol"] for one in json.loads(done.out)} == {"AAPL"}
    assert "NOBODY" in done.err
    missing = desk("outcomes", "--symbols-from", tmp_path / "nowhere.txt")
    assert (missing.code, "is no list of symbols" in missing.err) == (2, True)


def test_where_the_tables_are_is_told_without_changing_them(empty, desk):
    before = json.loads(desk("db", "current", "--json").out)
    assert (before["database"], before["up_to_date"]) == (None, False)
    assert list(empty.iterdir()) == []
    after = json.loads(desk("db", "upgrade", "--json").out)
    assert (after["before"], after["up_to_date"]) == (None, True)
    assert json.loads(desk("db", "current", "--json").out)["database"] == after["release"]


def test_the_same_training_is_told_and_another_one_is_asked_for(folder, desk):
    command = ("train", "--symbol", "AAPL", "--as-of", "2004-08-31", "--json")
    known = json.loads(desk(*command).out)
    assert known["status"] == "completed"
    assert json.loads(desk(*command).out)["version"] == known["version"]
    assert json.loads(desk(*command, "--again").out)["version"] != known["version"]
