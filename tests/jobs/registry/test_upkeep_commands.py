"""The commands of upkeep, as a shell sees them."""

import json

import pytest

OLD, NEW = "20040831", "20040930"


def test_rehearse_says_that_a_key_can_go_back_and_remembers_it(folder, desk):
    done = desk("registry", "rehearse", "aapl", "d1", "--json")
    (told,) = json.loads(done.out)
    assert done.code == 0
    assert (told["symbol"], told["state"], told["live"], told["target"]) == ("AAPL", "ready", NEW, OLD)
    again = json.loads(desk("registry", "rehearse", "--all", "--json").out)
    assert again[0]["at"] == told["at"]
    forced = json.loads(desk("registry", "rehearse", "--all", "--force", "--json").out)
    assert forced[0]["at"] > told["at"]
    table = desk("registry", "rehearse", "--all").out
    assert "would go back to" in table
    assert "0 h 0 min ago" in table


def test_rehearse_exits_1_when_a_key_cannot_go_back(folder, desk):
    file = folder / f"AAPL_d1_{OLD}.pkl"
    file.write_bytes(file.read_bytes()[:1000])
    done = desk("registry", "rehearse", "--all")
    assert done.code == 1
    assert "nowhere to go" in done.out
    assert "cannot go back now: AAPL/d1" in done.err


def test_a_key_with_its_first_version_live_is_told_apart_and_no_failure(folder, desk):
    assert desk("registry", "rollback", "AAPL", "d1", "--reason", "night").code == 0
    done = desk("registry", "rehearse", "--all")
    assert done.code == 0
    assert "first version" in done.out
    assert "no earlier version to go back to: AAPL/d1" in done.err


def test_rehearse_needs_a_key_or_all(folder, desk):
    assert desk("registry", "rehearse").code == 2
    assert desk("registry", "rehearse", "AAPL", "d1", "--all").code == 2
    assert desk("registry", "rehearse", "XYZ", "d1").code == 1


@pytest.fixture
def three(folder, desk):
    """The same with an older version that nothing needs."""
    assert desk("train", "--symbol", "AAPL", "--timeframe", "d1", "--as-of", "2004-07-30").code == 0
    return folder


def test_prune_shows_what_would_go_then_deletes_it_and_leaves_a_tombstone(three, desk):
    shown = desk("registry", "prune", "--keep", "1", "--all")
    assert shown.code == 0
    assert "Nothing changed" in shown.err
    assert "would go there" in shown.out or "was live before" in shown.out
    files = sorted(path.name for path in three.rglob("*20040730*"))
    assert files

    done = desk("registry", "prune", "AAPL", "d1", "--keep", "1", "--apply", "--reason", "disk is full", "--json")
    fates = {fate["version"]: fate["goes"] for fate in json.loads(done.out)}
    assert fates == {NEW: False, OLD: False, "20040730": True}
    assert list(three.rglob("*20040730*")) == []
    (row,) = json.loads(desk("registry", "pruned", "--json").out)
    assert (row["version"], row["actor"], row["reason"]) == ("20040730", "ann", "disk is full")
    told = json.loads(desk("registry", "show", "AAPL", "d1", "20040730", "--json").out)
    assert told["state"] == "pruned"
    assert told["manifest"]["weights"]
    (listed,) = json.loads(desk("registry", "list", "--state", "pruned", "--json").out)
    assert (listed["version"], listed["state"]) == ("20040730", "pruned")
    assert listed["weights"] == told["manifest"]["weights"]
    assert "20040730" not in desk("registry", "list").out
    assert desk("registry", "verify").code == 0
    refused = desk("registry", "rollback", "AAPL", "d1", "--to", "20040730", "--reason", "back")
    assert refused.code == 1
    assert "was pruned on" in refused.err


def test_prune_needs_a_reason_to_delete(three, desk):
    assert desk("registry", "prune", "--keep", "1", "--all", "--apply").code == 1
    assert desk("registry", "prune", "--keep", "0", "--all").code == 2
    assert "3 versions" in desk("registry", "prune", "--keep", "3", "--all").err
