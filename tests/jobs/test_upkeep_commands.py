"""The commands of upkeep, as a shell sees them."""

import json

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


def test_rehearse_needs_a_key_or_all(folder, desk):
    assert desk("registry", "rehearse").code == 2
    assert desk("registry", "rehearse", "AAPL", "d1", "--all").code == 2
    assert desk("registry", "rehearse", "XYZ", "d1").code == 1
