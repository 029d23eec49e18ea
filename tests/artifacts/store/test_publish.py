"""Publishing lands a whole version or nothing, and never overwrites."""

import concurrent.futures
import datetime as dt
import errno
import json
import os
import pickle

import pytest
from tests.artifacts.conftest import DAY, MAX_BYTES, NOW

from ensemble_desk.artifacts import digests, naming
from ensemble_desk.artifacts.format import SCHEMA_VERSION
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.artifacts.store import claims
from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.errors import PublishError
from ensemble_desk.market.keys import Key

KEY = Key("AAPL", "d1")


def names(store):
    """Every file of the folder; serving forms under their own folder's name."""
    files = (path for path in store.folder.rglob("*") if not path.is_dir())
    return sorted(str(path.relative_to(store.folder)) for path in files)


def test_a_version_is_an_artifact_and_its_manifest(store, publish):
    published = publish()
    assert names(store) == ["AAPL_d1_20250121.json", "AAPL_d1_20250121.pkl", "serving/AAPL_d1_20250121.safetensors"]
    assert digests.of(store.form(published.file_name)) == published.form_sha256
    assert (published.version, published.file_name) == ("20250121", "AAPL_d1_20250121.pkl")
    data = store.read(published.file_name)
    assert (digests.of(data), len(data)) == (published.sha256, published.size_bytes)
    assert store.manifest(published.file_name) == published.manifest
    assert published.manifest.created_at == NOW


def test_the_file_is_a_plain_pickle_that_says_which_version_it_is(store, publish):
    published = publish("BTC/USD", timeframe="w1")
    artifact = pickle.loads((store.folder / published.file_name).read_bytes())
    told = {name: artifact[name] for name in ("symbol", "timeframe", "timestamp", "schema_version")}
    assert told == {
        "symbol": "BTC/USD",
        "timeframe": "w1",
        "timestamp": "20250121",
        "schema_version": SCHEMA_VERSION,
    }


def test_the_code_surface_is_in_the_manifest(publish):
    surface = publish().manifest.globals
    assert "sklearn.ensemble._forest RandomForestClassifier" in surface
    assert not [name for name in surface if name.split(".")[0].split(" ")[0] not in {"sklearn", "numpy"}]


def test_a_second_version_of_a_day_has_a_number(store, publish):
    first = publish()
    before = (store.folder / first.file_name).read_bytes()
    second, third = publish(), publish()
    assert [first.version, second.version, third.version] == ["20250121", "20250121r02", "20250121r03"]
    assert (store.folder / first.file_name).read_bytes() == before
    assert loading.load(store.read(second.file_name), name=second.file_name, max_bytes=MAX_BYTES)["timestamp"] == (
        "20250121r02"
    )


def test_a_plain_artifact_of_the_day_is_not_overwritten(store, publish):
    store.folder.mkdir()
    dropped_in = store.folder / "AAPL_d1_20250121.pkl"
    dropped_in.write_bytes(b"somebody's")
    assert publish().version == "20250121r02"
    assert dropped_in.read_bytes() == b"somebody's"


def test_a_file_that_another_program_drops_in_meanwhile_is_not_overwritten(tmp_path, publish):
    folder = tmp_path / "models"

    def drop_in(step):
        if step == "manifest written" and not (folder / "AAPL_d1_20250121.pkl").exists():
            (folder / "AAPL_d1_20250121.pkl").write_bytes(b"somebody's")

    store = ArtifactStore(folder, max_bytes=MAX_BYTES, on_step=drop_in)
    assert publish(into=store).version == "20250121r02"
    assert (folder / "AAPL_d1_20250121.pkl").read_bytes() == b"somebody's"
    ours = ["AAPL_d1_20250121r02.json", "AAPL_d1_20250121r02.pkl", "serving/AAPL_d1_20250121r02.safetensors"]
    assert names(store) == ["AAPL_d1_20250121.pkl", *ours]


def test_a_number_whose_manifest_is_still_there_is_not_used_again(store, publish):
    (store.folder / publish().file_name).unlink()
    assert publish().version == "20250121r02"


def test_estimators_predict_with_one_job_and_the_caller_s_are_left_alone(store, publish, content):
    content["models"]["rf"].n_jobs = -1
    published = publish()
    assert pickle.loads(store.read(published.file_name))["models"]["rf"].n_jobs == 1
    assert content["models"]["rf"].n_jobs == -1
    assert "schema_version" not in content


def test_many_publishers_at_once_get_a_version_each(store, publish):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        versions = [job.result().version for job in [pool.submit(publish) for _ in range(8)]]
    assert sorted(versions) == sorted(set(versions))
    assert len(store.scan()) == 8
    assert all(entry.has_manifest for entry in store.scan())
    for entry in store.scan():
        data, manifest = store.read(entry.file_name), store.manifest(entry.file_name)
        assert manifest.sha256 == digests.of(data)
        assert loading.load(data, name=entry.file_name, max_bytes=MAX_BYTES)["timestamp"] == entry.version


@pytest.mark.parametrize(
    "bad",
    [
        {"models": {"rf": os.getcwd}},
        {"models": {"rf": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}},
        {"models": {"rf": {"state": object()}}},
        {"models": {"rf": {"state": lambda: None}}},
        {"models": {}},
        {"weights": {"rf": -1.0, "gb": 2.0}},
        {"weights": {"rf": float("nan"), "gb": 2.0}},
        {"weights": {"rf": 0.0, "gb": 0.0}},
        {"weights": {}},
        {"weights": {"unknown": 1.0}},
        {"classes": ["DOWN", "FLAT", "UP"]},
        {"temperature": 0.0},
        {"feature_names": ["one"]},
        {"extra": b"bytes"},
        {"extra": KEY},
    ],
)
def test_content_that_no_reader_could_serve_is_not_published(store, content, bad):
    with pytest.raises(PublishError) as caught:
        store.publish(content | bad, key=KEY, date=DAY, created_at=NOW)
    assert caught.value.__cause__ is not None
    assert names(store) == []


def test_more_than_the_limit_is_not_published(tmp_path, publish):
    store = ArtifactStore(tmp_path / "models", max_bytes=1000)
    with pytest.raises(PublishError, match="larger than the limit"):
        publish(into=store)
    assert names(store) == []


STEPS = ["claimed", "draft written", "manifest written", "artifact landed"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_or_an_interrupt_leaves_nothing(tmp_path, publish, step, error):
    def fail(done):
        if done == step:
            raise error

    store = ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES, on_step=fail)
    with pytest.raises(PublishError if isinstance(error, OSError) else KeyboardInterrupt):
        publish(into=store)
    assert names(store) == []
    assert publish(into=ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES)).version == "20250121"


def test_a_disk_that_fills_while_writing_leaves_nothing(tmp_path, publish, monkeypatch):
    def no_space(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", no_space)
    store = ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES)
    with pytest.raises(PublishError, match="No space left"):
        publish(into=store)
    monkeypatch.undo()
    assert names(store) == []


def test_a_folder_that_cannot_be_written_is_a_typed_error(tmp_path, publish):
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(PublishError):
        publish(into=ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES))


def test_a_file_system_without_hard_links_publishes_too(tmp_path, publish, monkeypatch):
    def no_links(*_, **__):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    store = ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES)
    assert [publish(into=store).version for _ in range(2)] == ["20250121", "20250121r02"]
    assert all(entry.has_manifest for entry in store.scan())


def test_the_files_are_on_disk_before_they_get_their_names(tmp_path, publish, monkeypatch):
    order = []
    real_sync, real_link = os.fsync, os.link
    monkeypatch.setattr(os, "fsync", lambda descriptor: (order.append("sync"), real_sync(descriptor))[1])
    monkeypatch.setattr(os, "link", lambda *a, **k: (order.append("link"), real_link(*a, **k))[1])
    publish(into=ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES))
    # artifact, serving form, manifest, folder; the form's folder; then names, folder
    assert order == ["sync", "sync", "sync", "sync", "sync", "link", "sync"]


def test_the_manifest_is_json_for_other_programs(store, publish):
    published = publish()
    read = json.loads((store.folder / naming.manifest_name(published.file_name)).read_text())
    assert read["sha256"] == published.sha256
    assert "models" not in read


def test_the_name_of_a_draft_is_no_version_and_no_pkl(store):
    for name in (".AAPL_d1_20250121.json.tmp", ".AAPL_d1_20250121.pkl.tmp"):
        assert claims.claimed_name(name) == "AAPL_d1_20250121.pkl"
        assert not name.endswith((".pkl", ".json"))
    for name in ("AAPL_d1_20250121.pkl", ".AAPL_d1_20250121.pkl", ".notes.json.tmp", ".x.tmp", ".tmp", "."):
        assert claims.claimed_name(name) is None
