"""The folder is listed by names and stats; nothing in it can hide the rest, and no file is opened."""

import builtins
import io
import os

import pytest
from tests.artifacts.conftest import MAX_BYTES

from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactError,
    ArtifactMissingError,
    ArtifactNameError,
    ArtifactTooLargeError,
)
from ensemble_desk.market.keys import Key


def test_a_folder_that_is_not_there_is_empty(store):
    scan = store.scan()
    assert (len(scan), dict(scan.foreign), store.folder_mark()) == (0, {}, 0)


def test_entries_tell_what_name_and_stat_tell(store, publish):
    published = publish("^GSPC", timeframe="w1")
    (entry,) = store.scan()
    status = (store.folder / published.file_name).stat()
    assert (entry.key, entry.version, entry.file_name) == (Key("^GSPC", "w1"), "20250121", published.file_name)
    assert (entry.size_bytes, entry.mtime_ns, entry.has_manifest) == (status.st_size, status.st_mtime_ns, True)


def test_entries_come_in_the_order_of_their_names(store, publish):
    for symbol in ("MSFT", "AAPL", "AAPL", "BRK.B"):
        publish(symbol)
    found = [entry.file_name for entry in store.scan()]
    assert found == sorted(found)
    assert store.scan()[0].version == "20250121"
    assert [entry.version for entry in store.scan()[:2]] == ["20250121", "20250121r02"]


def test_plain_artifacts_are_listed_without_a_manifest(store):
    store.folder.mkdir()
    (store.folder / "AAPL_d1_20250121.pkl").write_bytes(b"anything")
    (entry,) = store.scan()
    assert not entry.has_manifest
    assert store.manifest(entry.file_name) is None


def test_files_that_name_no_version_are_told_with_the_reason_and_hide_nothing(store, publish):
    published = publish()
    for name in ("model.pkl", "AAPL_d1_20250230.pkl", "AAPL_d1_latest.pkl", "A%FFB_d1_20250121.pkl"):
        (store.folder / name).write_bytes(b"x")
    (store.folder / "MSFT_d1_20250121.pkl").mkdir()
    (store.folder / "IBM_d1_20250121.pkl").symlink_to(store.folder / "nowhere")
    (store.folder / "GOOG_d1_20250121.pkl").symlink_to("GOOG_d1_20250121.pkl")
    scan = store.scan()
    assert [entry.file_name for entry in scan] == [published.file_name]
    assert set(scan.foreign) == {
        "model.pkl",
        "AAPL_d1_20250230.pkl",
        "AAPL_d1_latest.pkl",
        "A%FFB_d1_20250121.pkl",
        "MSFT_d1_20250121.pkl",
        "IBM_d1_20250121.pkl",
        "GOOG_d1_20250121.pkl",
    }
    assert "symbolic links" in scan.foreign["GOOG_d1_20250121.pkl"]
    assert "calendar" in scan.foreign["AAPL_d1_20250230.pkl"]
    assert "regular file" in scan.foreign["MSFT_d1_20250121.pkl"]
    assert "link to nothing" in scan.foreign["IBM_d1_20250121.pkl"]


def test_other_files_of_the_folder_are_ignored(store, publish):
    publish()
    for name in (
        "registry.db",
        "registry.db-wal",
        "registry.db-shm",
        "notes.txt",
        ".gitkeep",
        ".hidden.pkl",
        ".AAPL_d1_bad.json.tmp",
        "MSFT_d1_20250121.json",
        "AAPL_d1_20250121.txt",
        "AAPL_d1_20250121.pkl.sha256",
        ".AAPL_d1_20250121.pkl.bak",
        "notes.bak",
    ):
        (store.folder / name).write_bytes(b"x")
    before = sorted(path.name for path in store.folder.iterdir())
    scan = store.scan()
    assert (len(scan), dict(scan.foreign), scan.passed_over) == (1, {}, ())
    assert sorted(path.name for path in store.folder.iterdir()) == before


def test_files_named_as_versions_that_end_otherwise_are_told(store, publish):
    publish()
    (store.folder / "MSFT" / "d1").mkdir(parents=True)
    names = ("AAPL_d1_20250121.pkl.bak", "AAPL_d1_20250122.onnx", "AAPL_d1_20250123", "MSFT/d1/20250121.pt")
    for name in names:
        (store.folder / name).write_bytes(b"x")
    (store.folder / "AAPL_d1_20250124").mkdir()
    (store.folder / "AAPL_d1_20250125.bak").symlink_to(store.folder / "nowhere")
    scan = store.scan()
    assert (len(scan), dict(scan.foreign), scan.passed_over) == (1, {}, tuple(sorted(names)))


def test_listing_opens_no_file(store, publish, monkeypatch):
    for symbol in ("AAPL", "MSFT"):
        publish(symbol)
    (store.folder / "IBM_d1_20250121.pkl").write_bytes(b"plain")

    def refuse(*_, **__):
        pytest.fail("a file was opened to list the folder")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr(os, "open", refuse)
    assert len(store.scan()) == 3


def test_a_folder_that_is_a_file_is_a_typed_error(tmp_path):
    (tmp_path / "models").write_text("x")
    with pytest.raises(ArtifactError, match="cannot be listed"):
        ArtifactStore(tmp_path / "models", max_bytes=MAX_BYTES).scan()


def test_links_that_leave_the_folder_are_refused(store, publish, tmp_path):
    published = publish()
    outside = tmp_path / "outside.pkl"
    outside.write_bytes(b"secret")
    (store.folder / "MSFT_d1_20250121.pkl").symlink_to(outside)
    (store.folder / "IBM_d1_20250121.json").symlink_to(outside)
    (store.folder / "FB_d1_20250121.pkl").symlink_to(published.file_name)
    scan = store.scan()
    assert [entry.file_name for entry in scan] == ["AAPL_d1_20250121.pkl", "FB_d1_20250121.pkl"]
    assert "leaves the models folder" in scan.foreign["MSFT_d1_20250121.pkl"]
    for refused in (lambda: store.read("MSFT_d1_20250121.pkl"), lambda: store.manifest("IBM_d1_20250121.pkl")):
        with pytest.raises(ArtifactCorruptError, match="leaves the models folder"):
            refused()
    assert store.read("FB_d1_20250121.pkl") == store.read(published.file_name)


def test_a_folder_that_is_a_link_itself_works(store, publish, tmp_path):
    published = publish()
    link = tmp_path / "link"
    link.symlink_to(store.folder)
    through = ArtifactStore(link, max_bytes=MAX_BYTES)
    assert len(through.scan()) == 1
    assert through.read(published.file_name) == store.read(published.file_name)


@pytest.mark.parametrize("name", ["../secret.pkl", "/etc/passwd", "../x/AAPL_d1_20250121.pkl", "registry.db", ""])
def test_only_names_of_versions_are_read(store, publish, name):
    publish()
    for read in (store.read, store.manifest, store.exists):
        with pytest.raises(ArtifactNameError):
            read(name)


def test_reading_is_bounded(store, publish):
    published = publish()
    small = ArtifactStore(store.folder, max_bytes=published.size_bytes - 1)
    with pytest.raises(ArtifactTooLargeError):
        small.read(published.file_name)
    assert len(ArtifactStore(store.folder, max_bytes=published.size_bytes).read(published.file_name)) == (
        published.size_bytes
    )


def test_an_endless_file_is_not_read_to_its_end(store):
    store.folder.mkdir()
    os.mkfifo(store.folder / "AAPL_d1_20250121.pkl")
    with pytest.raises(ArtifactCorruptError, match="regular file"):
        store.read("AAPL_d1_20250121.pkl")
    assert "regular file" in store.scan().foreign["AAPL_d1_20250121.pkl"]


def test_a_file_that_is_gone_is_missing(store, publish):
    published = publish()
    (store.folder / published.file_name).unlink()
    assert not store.exists(published.file_name)
    with pytest.raises(ArtifactMissingError):
        store.read(published.file_name)
    assert store.manifest(published.file_name) is not None


def test_a_damaged_manifest_is_told_by_its_name(store, publish):
    published = publish()
    (store.folder / "AAPL_d1_20250121.json").write_bytes(b"{")
    with pytest.raises(ArtifactCorruptError, match=r"AAPL_d1_20250121\.json"):
        store.manifest(published.file_name)
    assert store.scan()[0].has_manifest


def test_the_folder_s_mark_moves_with_every_file(store, publish):
    published = publish()
    for change in (publish, (store.folder / published.file_name).unlink):
        os.utime(store.folder, ns=(5, 5))
        assert store.folder_mark() == 5
        change()
        assert store.folder_mark() != 5


def test_files_of_other_programs_are_found_under_their_names_and_in_folders(store, publish):
    publish()
    data = b"x"
    names = ("aapl_d1_2025-01-24.joblib", "AAPL/d1/20250125.pkl", "stocks/us/MSFT/d1_20250126_153000.pickle")
    for name in (*names, "serving/AAPL_d1_20250127.pkl", "registry/AAPL_d1_20250128.pkl", ".git/AAPL_d1_20250129.pkl"):
        (store.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (store.folder / name).write_bytes(data)
    scan = store.scan()
    found = {entry.file_name: (str(entry.key), entry.version) for entry in scan if entry.file_name in names}
    assert found == {
        "aapl_d1_2025-01-24.joblib": ("AAPL/d1", "20250124"),
        "AAPL/d1/20250125.pkl": ("AAPL/d1", "20250125"),
        "stocks/us/MSFT/d1_20250126_153000.pickle": ("MSFT/d1", "20250126T153000"),
    }
    assert (len(scan), scan.foreign) == (4, {})
    assert store.read("AAPL/d1/20250125.pkl") == data


def test_the_mark_of_the_folder_tells_of_files_in_folders_below(store, publish):
    publish()
    inside = store.folder / "AAPL" / "d1"
    inside.mkdir(parents=True)
    marks = [store.folder_mark()]
    for folder in (inside, inside.parent, store.folder):
        (folder / "AAPL_d1_20250125.pkl").write_bytes(b"x")
        now = marks[-1] + 10_000_000
        os.utime(folder, ns=(now, now))
        marks.append(store.folder_mark())
    assert marks == sorted(set(marks))
