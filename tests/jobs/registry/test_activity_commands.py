import json


def test_activity_tells_what_was_done_and_notes_are_part_of_it(folder, desk):
    done = desk("registry", "rollback", "AAPL", "d1", "--reason", "drift", "--json")
    assert done.code == 0
    move = json.loads(done.out)["id"]
    assert desk("note", "the feed was late", "--move", move).code == 0
    assert desk("note", "looks fine", "--key", "AAPL/d1", "--version", "20040831", "--actor", "olga").code == 0
    told = json.loads(desk("activity", "--json").out)
    assert [one["kind"] for one in told[:3]] == ["note", "note", "rollback"]
    assert told[2]["move_id"] == move
    assert told[2]["why"] == "drift"
    assert told[0]["actor"] == "olga"
    assert {one["kind"] for one in told[3:]} == {"follow", "training"}
    only = json.loads(desk("activity", "--kind", "rollback", "--key", "AAPL/d1", "--limit", 1, "--json").out)
    assert [one["move_id"] for one in only] == [move]
    assert "rolled AAPL/d1 back from 20040930 to 20040831" in desk("activity").out
    assert desk("activity", "--actor", "nobody").out.startswith("Nobody did anything")


def test_a_note_needs_something_to_stand_on(folder, desk):
    assert desk("note", "hm").code == 2
    assert desk("note", "hm", "--key", "AAPL/d1").code == 2
    assert "no move 99" in desk("note", "hm", "--move", 99).err
    assert "has no version 20010101" in desk("note", "hm", "--key", "AAPL/d1", "--version", "20010101").err


def test_what_was_live_is_told_with_who_and_why(folder, desk):
    desk("registry", "rollback", "AAPL", "d1", "--reason", "drift", "--actor", "olga")
    now = json.loads(desk("registry", "live-at", "AAPL", "d1", "2100-01-01", "--json").out)
    assert (now["version"], now["move"]["actor"], now["move"]["reason"]) == ("20040831", "olga", "drift")
    before = desk("registry", "live-at", "AAPL", "d1", "2000-01-01")
    assert before.code == 1
    assert "Nothing of AAPL/d1 was live at 2000-01-01 00:00 UTC; the first was 20040831 on " in before.err
