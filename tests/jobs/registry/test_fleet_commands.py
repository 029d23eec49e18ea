"""Moving many keys together from a shell: shown first, all or none, undone as one."""

import json

DAY = ("--trained", "2004-09-30")


def test_a_training_day_is_shown_then_rolled_back_and_undone_as_a_group(folder, desk):
    shown = desk("registry", "rollback-fleet", *DAY)
    assert shown.code == 0
    assert "20040831" in shown.out
    assert "Nothing changed" in shown.err
    left_out = desk("registry", "rollback-fleet", *DAY, "--leave-out", "aapl/d1", "--json")
    assert json.loads(left_out.out) == []

    done = desk("registry", "rollback-fleet", *DAY, "--apply", "--reason", "bad feed that night", "--json")
    (row,) = json.loads(done.out)
    assert (row["outcome"], row["to_version"]) == ("moved", "20040831")
    assert json.loads(desk("registry", "production", "AAPL", "d1", "--json").out)["version"] == "20040831"
    assert desk("registry", "undo-group", row["group_id"], "--reason", "it was fine").code == 0
    assert json.loads(desk("registry", "production", "AAPL", "d1", "--json").out)["version"] == "20040930"
    assert desk("registry", "verify").code == 0


def test_many_keys_are_not_moved_without_a_reason_or_a_choice(folder, desk):
    assert desk("registry", "rollback-fleet").code == 2
    assert desk("registry", "rollback-fleet", *DAY, "--run", "1").code == 2
    assert desk("registry", "rollback-fleet", *DAY, "--apply").code == 1
    assert desk("registry", "rollback-fleet", *DAY, "--apply", "--reason", "r", "--leave-out", "AAPL/d1").code == 1
    assert desk("registry", "undo-group", "nobody", "--reason", "r").code == 1
