"""Backup, restore, verify, roles and tokens from the command line: what they print and the codes they exit with."""

import json

from sqlalchemy import create_engine, text


def test_what_was_backed_up_comes_back_and_is_verified(desk, folder, tmp_path, monkeypatch):
    assert desk("registry", "rollback", "AAPL", "d1", "--reason", "drift").code == 0
    live = json.loads(desk("registry", "production", "AAPL", "d1", "--json").out)
    made = desk("backup", tmp_path / "backup", "--json")
    assert (made.code, json.loads(made.out)["n_versions"]) == (0, 2)
    assert desk("restore", tmp_path / "backup", "--check").code == 0
    assert desk("restore", tmp_path / "backup").code == 1  # there is something already
    monkeypatch.setenv("DESK_MODELS_URL", str(tmp_path / "elsewhere"))
    assert desk("restore", tmp_path / "backup").code == 0
    assert desk("registry", "verify").code == 0
    assert json.loads(desk("registry", "production", "AAPL", "d1", "--json").out) == live


def test_a_lost_database_is_refused_by_every_command_until_the_ledger_has_brought_it_back(desk, folder):
    assert desk("registry", "rollback", "AAPL", "d1", "--reason", "drift").code == 0
    before = json.loads(desk("registry", "history", "--json").out)
    for rest in (folder / "registry").glob("registry.db*"):
        rest.unlink()
    for command in (("registry", "list"), ("registry", "sync"), ("forecast", "AAPL"), ("train", "--all")):
        refused = desk(*command)
        assert refused.code == 1
        assert "desk registry restore" in refused.err
    assert desk("registry", "verify").code == 1
    assert desk("registry", "restore", "--reason", "the disk was exchanged").code == 0
    assert desk("registry", "verify").code == 0
    assert json.loads(desk("registry", "history", "--json").out) == before


def test_verify_finds_and_since_bounds_it(desk, folder):
    assert desk("registry", "verify").code == 0
    engine = create_engine(f"sqlite:///{folder / 'registry' / 'registry.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE training_runs SET ensemble_validation_accuracy = 0.9"))
    engine.dispose()
    found = desk("registry", "verify", "--json")
    assert found.code == 1
    assert [finding["kind"] for finding in json.loads(found.out)] == ["rows contradict digest"]
    assert desk("registry", "verify", "--since", "2099-01-01").code == 0
    assert desk("registry", "verify", "--since", "yesterday").code == 2


def test_verify_reads_the_files_of_a_part_or_of_a_list(desk, folder, tmp_path):
    next(file for file in folder.glob("AAPL_d1_*") if file.suffix != ".json").write_bytes(b"other bytes")
    codes = [desk("registry", "verify", "--shard", f"{number}/2", "--jobs", "1").code for number in (1, 2)]
    assert sorted(codes) == [0, 1]
    (tmp_path / "list.txt").write_text("IBM\n")
    of_another = desk("registry", "verify", "--symbols-from", tmp_path / "list.txt", "--json")
    assert (of_another.code, json.loads(of_another.out)) == (1, [])
    assert "IBM" in of_another.err
    (tmp_path / "list.txt").write_text("aapl\n")
    found = desk("registry", "verify", "--symbols-from", tmp_path / "list.txt", "--json")
    assert [finding["kind"] for finding in json.loads(found.out)] == ["artifact changed"]
    assert desk("registry", "verify", "--shard", "0/2").code == 2


def test_sync_takes_in_the_files_of_a_part_or_of_a_list(desk, folder, tmp_path):
    gone = next(file for file in folder.glob("AAPL_d1_*") if file.suffix != ".json")
    gone.unlink()
    (tmp_path / "list.txt").write_text("IBM\n")
    of_another = desk("registry", "sync", "--symbols-from", tmp_path / "list.txt", "--json")
    assert (of_another.code, json.loads(of_another.out)["vanished"]) == (1, [])
    assert "IBM" in of_another.err
    parts = [
        json.loads(desk("registry", "sync", "--shard", f"{number}/2", "--jobs", "1", "--json").out) for number in (1, 2)
    ]
    assert [name for part in parts for name in part["vanished"]] == [gone.name]
    assert desk("registry", "sync", "--shard", "3/2").code == 2


def test_a_job_with_a_token_acts_under_its_name_and_role(desk, folder, monkeypatch):
    made = desk("token", "create", "nightly", "--role", "viewer", "--expires", "2099-01-01", "--json")
    secret = json.loads(made.out)["token"]
    assert desk("token", "create", "late", "--role", "viewer", "--expires", "2001-01-01").code == 2
    assert desk("token", "create", "odd", "--role", "king", "--expires", "2099-01-01").code == 2
    monkeypatch.setenv("DESK_TOKEN", secret)
    refused = desk("registry", "rollback", "AAPL", "d1", "--reason", "drift")
    assert refused.code == 1
    assert "nightly is viewer" in refused.err
    monkeypatch.setenv("DESK_TOKEN", secret[:-1])
    wrong = desk("registry", "rollback", "AAPL", "d1", "--reason", "drift")
    assert (wrong.code, "not accepted" in wrong.err) == (1, True)
    monkeypatch.delenv("DESK_TOKEN")
    assert desk("token", "revoke", "nightly").code == 0
    assert secret not in desk("token", "list", "--json").out


def test_roles_are_given_taken_back_and_listed(desk, folder):
    assert desk("roles", "set", "Ann@example.org", "operator", "--reason", "on call").code == 0
    assert desk("roles", "set", "ann@example.org", "king", "--reason", "x").code == 2
    (row,) = json.loads(desk("roles", "list", "--json").out)
    assert (row["person"], row["role"], row["reason"]) == ("ann@example.org", "operator", "on call")
    assert desk("roles", "set", "ann@example.org", "none", "--reason", "left").code == 0
    assert len(json.loads(desk("roles", "list", "--history", "--json").out)) == 2
