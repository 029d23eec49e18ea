"""Taking a file in under a proper name: never over another, and never what could not be served as that."""

import json
import shutil

import pytest


@pytest.fixture
def theirs(folder, tmp_path):
    """An artifact with the guide's keys only, as another program would call it."""
    import pickle

    content = pickle.loads((folder / "AAPL_d1_20040831.pkl").read_bytes())
    models = {name: model for name, model in content["models"].items() if not isinstance(model, dict)}
    kept = {name: content[name] for name in ("symbol", "timeframe", "ensemble_accuracy")}
    kept |= {"weights": {name: content["weights"][name] for name in models}}
    file = tmp_path / "best model (1).pickle"
    file.write_bytes(pickle.dumps(kept | {"models": models, "timestamp": "v3"}))
    return file


def test_a_file_is_copied_under_a_proper_name_and_registered(folder, desk, theirs):
    before = theirs.read_bytes()
    done = desk("registry", "import", theirs, "--as", "AAPL/1d/20040715", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["version"] == "20040715"
    assert (folder / "AAPL_d1_20040715.pkl").read_bytes() == before == theirs.read_bytes()
    assert not list(folder.glob(".*"))
    assert desk("registry", "sync").code == 0


def test_no_version_is_ever_written_over(folder, desk, theirs):
    kept = (folder / "AAPL_d1_20040831.pkl").read_bytes()
    done = desk("registry", "import", theirs, "--as", "AAPL/d1/20040831")
    assert (done.code, "already" in done.err) == (1, True)
    assert (folder / "AAPL_d1_20040831.pkl").read_bytes() == kept


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("MSFT/d1/20040715", (1, "says that it is AAPL/d1")),
        ("AAPL/h1/20040715", (1, "says that it is AAPL/d1")),
        ("AAPL/d1/latest", (1, "is not a date")),
        ("20040715", (1, "AAPL/d1/20250121")),
        ("AAPL/d7/20040715", (2, "timeframe")),
    ],
)
def test_what_it_is_not_is_refused_and_nothing_is_written(folder, desk, theirs, name, told):
    before = sorted(folder.rglob("*"))
    done = desk("registry", "import", theirs, "--as", name)
    code, problem = told
    assert (done.code, problem in done.err) == (code, True), done.err
    assert sorted(folder.rglob("*")) == before


def test_a_file_that_is_none_is_refused(folder, desk, tmp_path):
    assert desk("registry", "import", tmp_path / "none.pkl", "--as", "AAPL/d1/20040715").code == 1
    (tmp_path / "bad.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    done = desk("registry", "import", tmp_path / "bad.pkl", "--as", "AAPL/d1/20040715")
    assert (done.code, "nothing in it was run" in done.err) == (1, True)
    assert not (folder / "AAPL_d1_20040715.pkl").exists()


def test_a_copy_under_another_name_is_one_version_and_the_second_is_named(folder, desk):
    shutil.copyfile(folder / "AAPL_d1_20040831.pkl", folder / "aapl_1d_2004-08-31.pkl")
    done = desk("registry", "sync")
    assert done.code == 1
    assert "which AAPL_d1_20040831.pkl is already" in " ".join(done.out.split())
    listed = json.loads(desk("registry", "list", "--json").out)
    assert [row["version"] for row in listed] == ["20040930", "20040831"]
    assert {row["state"] for row in listed} == {"in production", "available"}


def test_sync_tells_of_copies_and_other_endings_and_goes_on(folder, desk):
    for day in range(1, 6):
        (folder / f"AAPL_d1_2004080{day}.pkl.bak").write_bytes(b"x")
    (folder / "AAPL_d1_20040806.onnx").write_bytes(b"x")
    done = desk("registry", "sync", "--json")
    told = json.loads(done.out)["passed_over"]
    assert (done.code, list(told)) == (0, ["*.bak", "AAPL_d1_20040806.onnx"])
    assert "and 2 more: each ends in .bak, a copy by its name; take it in with: desk registry import" in told["*.bak"]
    shown = " ".join(desk("registry", "sync").out.split())
    assert "passed over" in shown
    assert shown.count(".pkl.bak") == 3
    assert "onnx" not in desk("registry", "list").out


def test_a_pickle_of_another_suffix_is_taken(folder, desk):
    (folder / "AAPL_d1_20040831.pkl").rename(folder / "AAPL_d1_20040830.sav")
    report = json.loads(desk("registry", "sync", "--json").out)
    assert "AAPL_d1_20040830.sav" in {*report["added"], *report["refused"]}
