"""Many files are looked into on every core, and the index says the same as when one process does it."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.folder.examining import inspection, looking, notes
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.index.stored import Rejected
from ensemble_desk.work import cores

AAPL = Key("AAPL", "d1")
DAYS = [f"202501{day:02d}" for day in range(1, 31)]


def theirs(content, day):
    kept = {name: content[name] for name in ("symbol", "timeframe", "ensemble_accuracy")}
    models = {"rf": content["models"]["rf"]}
    return pickle.dumps(kept | {"models": models, "weights": {"rf": 1.0}, "timestamp": day})


@pytest.mark.parametrize("n_cores", [1, 2])
def test_all_are_taken_in_whatever_looks_at_them(sqlite_desk, lean_content, monkeypatch, n_cores):
    monkeypatch.setattr(looking, "FEWEST_IN_PARALLEL", 4)
    monkeypatch.setattr(cores, "n_cores", lambda: n_cores)
    folder, registry, told = sqlite_desk.folder, sqlite_desk.registry, []
    for day in DAYS:
        (folder / f"aapl_1d_{day}.joblib").write_bytes(theirs(lean_content, day))
    (folder / "AAPL_d1_20250131.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    (folder / "AAPL_d1_20250201.pkl").write_bytes(b"broken")
    report = sync.synchronise(registry, progress=lambda done, total: told.append((done, total)))
    assert sorted(report.added) == [f"aapl_1d_{day}.joblib" for day in DAYS]
    assert set(report.refused) == {"AAPL_d1_20250131.pkl", "AAPL_d1_20250201.pkl"}
    assert "nothing in it was run" in report.refused["AAPL_d1_20250131.pkl"]
    assert told == [(done, 32) for done in range(1, 33)]
    assert sorted(record.version for record in versions.of_key(registry, AAPL)) == DAYS

    (folder / f"aapl_1d_{DAYS[3]}.joblib").write_bytes(b"other bytes")
    report = sync.synchronise(registry, force=True)
    assert report.changed == (f"aapl_1d_{DAYS[3]}.joblib",)
    states = {record.version: record.state for record in versions.of_key(registry, AAPL)}
    assert [day for day in DAYS if states[day] is State.TAMPERED] == [DAYS[3]]


def test_a_note_stands_for_every_file_that_is_handed_over_and_doubtful_ones_come_first_alone(
    sqlite_desk, lean_content, monkeypatch
):
    monkeypatch.setattr(looking, "FEWEST_IN_PARALLEL", 4)
    monkeypatch.setattr(looking, "_AT_ONCE", 2)
    monkeypatch.setattr(cores, "n_cores", lambda: 2)
    monkeypatch.setattr(cores, "pool", ThreadPoolExecutor)
    folder, registry, seen, arrival = sqlite_desk.folder, sqlite_desk.registry, [], inspection.arrival
    for day in DAYS[:12]:
        (folder / f"aapl_1d_{day}.joblib").write_bytes(theirs(lean_content, day))
    doubtful = f"aapl_1d_{DAYS[7]}.joblib"
    status = (folder / doubtful).stat()
    with registry.database.writing() as connection:
        left = Rejected(status.st_size, status.st_mtime_ns, notes.FIRST)
        index.note(connection, doubtful, left, at=sqlite_desk.clock())
    sqlite_desk.clock.now += timedelta(hours=1)

    def watched(store, file):
        seen.append((file.file_name, versions.rejected(registry)))
        return arrival(store, file)

    monkeypatch.setattr(inspection, "arrival", watched)
    assert len(sync.synchronise(registry).added) == 12
    assert seen[0] == (doubtful, {doubtful: notes.SECOND})
    assert sorted(name for name, _ in seen) == [f"aapl_1d_{day}.joblib" for day in DAYS[:12]]
    for name, noted in seen[1:]:
        assert noted[name] == notes.FIRST
        assert len(noted) <= 2 * 3 + 1
    assert versions.rejected(registry) == {}


@pytest.fixture
def lean_content(content):
    import copy

    forest = copy.copy(content["models"]["rf"])
    forest.estimators_, forest.n_estimators = forest.estimators_[:5], 5
    return content | {"models": {"rf": forest}}
