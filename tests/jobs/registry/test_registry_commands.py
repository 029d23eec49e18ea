import json
import pickle

import pytest
from sklearn.linear_model import RidgeClassifier

LIST_KEYS = [
    "symbol",
    "timeframe",
    "version",
    "state",
    "ensemble_accuracy",
    "baseline_accuracy",
    "weights",
    "sha256",
    "size_bytes",
    "created_at",
    "horizon",
    "expired",
    "problem",
]
PRODUCTION_KEYS = ["symbol", "timeframe", "version", "mode", "revision", "since", "actor", "reason"]


def told(done):
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_list_prints_every_version_newest_first(folder, desk):
    rows = told(desk("registry", "list", "--json"))
    assert [list(row) for row in rows] == [LIST_KEYS] * 2
    assert [(row["version"], row["state"]) for row in rows] == [
        ("20040930", "in production"),
        ("20040831", "available"),
    ]
    for row in rows:
        assert (row["symbol"], row["timeframe"]) == ("AAPL", "d1")
        assert 0 < row["baseline_accuracy"] < 1
        assert sum(row["weights"].values()) == pytest.approx(1)
        assert len(row["sha256"]) == 64


def test_a_version_that_cannot_be_served_is_listed_with_the_reason(folder, desk):
    models = {"m": RidgeClassifier().fit([[0.0], [1.0], [2.0]], [0, 1, 0])}
    content = {"models": models, "weights": {"m": 1.0}}
    (folder / "AAPL_d1_20030101.pkl").write_bytes(pickle.dumps(content))
    told = json.loads(desk("registry", "sync", "--json").out)
    assert told["added"] == list(told["incompatible"]) == ["AAPL_d1_20030101.pkl"]
    assert "gives no probabilities" in told["incompatible"]["AAPL_d1_20030101.pkl"]
    (row,) = json.loads(desk("registry", "list", "--state", "incompatible", "--json").out)
    assert row["problem"] == told["incompatible"]["AAPL_d1_20030101.pkl"]
    assert "gives no probabilities" in " ".join(desk("registry", "list", "--state", "incompatible").out.split())


def test_list_is_filtered_and_limited(folder, desk):
    assert told(desk("registry", "list", "--json", "--symbol", "IBM")) == []
    assert told(desk("registry", "list", "--json", "--timeframe", "w1")) == []
    assert len(told(desk("registry", "list", "--json", "--symbol", "aapl", "--limit", 1))) == 1
    available = told(desk("registry", "list", "--json", "--state", "available"))
    assert [row["version"] for row in available] == ["20040831"]


def test_list_is_a_table_for_people(folder, desk):
    done = desk("registry", "list")
    assert done.code == 0
    assert "20040930" in done.out
    assert "in production" in done.out
    assert "majority" in done.out


def test_an_empty_registry_says_what_to_do(empty, desk):
    assert told(desk("registry", "list", "--json")) == []
    assert "desk train" in desk("registry", "list").out


def test_production_of_a_key_is_an_object_and_of_all_an_array(folder, desk):
    one = told(desk("registry", "production", "AAPL", "d1", "--json"))
    assert list(one) == PRODUCTION_KEYS
    assert (one["version"], one["mode"], one["revision"], one["actor"]) == ("20040930", "follow latest", 2, "ann")
    assert told(desk("registry", "production", "--json")) == [one]
    assert "20040930" in desk("registry", "production").out


def test_show_tells_what_the_manifest_says_without_the_file(folder, desk):
    for file in folder.glob("*.pkl"):
        file.write_bytes(b"")
    shown = told(desk("registry", "show", "AAPL", "d1", "20040831", "--json"))
    assert shown["version"] == "20040831"
    assert shown["manifest"]["label"]["horizon_bars"] == 1
    assert told(desk("registry", "show", "AAPL", "d1", "--json"))["version"] == "20040930"
    assert "sha256" in desk("registry", "show", "AAPL", "d1").out


def test_a_rollback_pins_is_told_of_and_verified(folder, desk):
    row = told(desk("registry", "rollback", "AAPL", "d1", "--reason", "drift", "--actor", "bea", "--json"))
    assert (row["action"], row["outcome"], row["actor"], row["reason"]) == ("rollback", "moved", "bea", "drift")
    assert (row["from_version"], row["to_version"], row["revision"]) == ("20040930", "20040831", 3)
    assert (row["symbol"], row["timeframe"]) == ("AAPL", "d1")
    after = told(desk("registry", "production", "AAPL", "d1", "--json"))
    assert (after["version"], after["mode"], after["reason"]) == ("20040831", "pinned", "drift")
    states = {row["version"]: row["state"] for row in told(desk("registry", "list", "--json"))}
    assert states == {"20040930": "quarantined", "20040831": "in production"}
    newest = told(desk("registry", "history", "AAPL", "d1", "--json"))[0]
    assert newest["action"] == "rollback"
    assert told(desk("registry", "verify", "--json")) == []


def test_every_move_prints_its_deployment(folder, desk):
    key = ("AAPL", "d1")
    moves = [
        ("promote", *key, "--to", "20040831", "--reason", "steadier"),
        ("follow-latest", *key, "--reason", "again"),
        ("quarantine", *key, "20040930", "--reason", "odd"),
        ("lift", *key, "20040930", "--reason", "fine"),
    ]
    rows = [told(desk("registry", *move, "--json")) for move in moves]
    assert [row["action"] for row in rows] == ["promote", "follow latest", "quarantine", "lift"]
    assert [row["to_version"] for row in rows] == ["20040831", "20040930", "20040831", "20040930"]
    assert len(told(desk("registry", "history", "--json", "--limit", 3))) == 3


def test_a_stale_revision_is_refused_by_name(folder, desk):
    assert desk("registry", "promote", "AAPL", "d1", "--to", "20040831", "--reason", "x").code == 0
    done = desk("registry", "rollback", "AAPL", "d1", "--reason", "y", "--expected-revision", 2)
    assert (done.code, done.out) == (1, "")
    assert "is at revision 3, not 2: ann moved it" in done.err
    refused = told(desk("registry", "history", "AAPL", "d1", "--json"))[0]
    assert (refused["outcome"], refused["reason"]) == ("refused", "y")


def test_live_at_answers_for_any_moment(folder, desk):
    rows = told(desk("registry", "history", "AAPL", "d1", "--json"))
    between = told(desk("registry", "live-at", "AAPL", "d1", rows[1]["at"], "--json"))
    assert between["version"] == "20040831"
    done = desk("registry", "live-at", "AAPL", "d1", "2001-01-01")
    assert done.code == 1
    assert "Nothing of AAPL/d1 was live" in done.err


def test_sync_tells_what_it_found(folder, desk):
    (folder / "AAPL_d1_20030101.pkl").write_bytes(b"no pickle")
    (folder / "AAPL_d1_20040831.pkl").unlink()
    done = desk("registry", "sync", "--json")
    report = json.loads(done.out)
    assert done.code == 1
    assert report["vanished"] == ["AAPL_d1_20040831.pkl"]
    assert list(report["refused"]) == ["AAPL_d1_20030101.pkl"]
    (folder / "AAPL_d1_20030101.pkl").unlink()
    assert told(desk("registry", "sync", "--json"))["refused"] == {}
    assert "agrees" in desk("registry", "sync").out


def test_verify_finds_a_tampered_file(folder, desk):
    assert "agrees" in desk("registry", "verify").out
    file = folder / "AAPL_d1_20040930.pkl"
    file.write_bytes(file.read_bytes() + b" ")
    done = desk("registry", "verify", "--json")
    assert done.code == 1
    assert any("20040930" in finding["detail"] for finding in json.loads(done.out))
