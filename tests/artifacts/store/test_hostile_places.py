"""Links, pipes and folders under the names that are looked at: nothing outside is written, removed or read."""

import os
import threading

import pytest
from tests.artifacts.conftest import MAX_BYTES

from ensemble_desk.artifacts.store import claims, removal
from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, ArtifactTooLargeError

NAME, FORM = "AAPL_d1_20250121.pkl", "AAPL_d1_20250121.safetensors"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "others" / "deep").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def kept(place):
    return ArtifactStore(place / "models", max_bytes=MAX_BYTES)


def test_no_form_is_written_or_removed_through_a_link(place, kept):
    theirs = place / "others" / FORM
    theirs.write_bytes(b"another team's")
    (kept.folder / NAME).write_bytes(b"a version")
    (kept.folder / "serving").symlink_to(place / "others")
    with pytest.raises(OSError, match="leaves the models folder"):
        kept.write_form(NAME, b"ours")
    assert kept.remove([NAME]) == 1
    claim = claims.take(kept.folder, NAME)
    claim.write_form(b"ours")
    with pytest.raises(OSError, match="leaves the models folder"):
        claim.land_form()
    claim.abandon()
    assert theirs.read_bytes() == b"another team's"


def test_a_folder_beside_a_version_stays_and_stops_no_removal(kept):
    for name in (NAME, f"{NAME}.sig", "AAPL_d1_20250122.pkl"):
        (kept.folder / name).write_bytes(b"a version")
    (kept.folder / "AAPL_d1_20250121.notes").mkdir()
    (kept.folder / "serving" / FORM).mkdir(parents=True)
    assert kept.remove([NAME, "AAPL_d1_20250122.pkl"]) == 3
    assert {path.name for path in kept.folder.iterdir()} == {"AAPL_d1_20250121.notes", "serving"}


def test_no_artifact_is_removed_through_a_link(place, kept):
    theirs = place / "others" / "AAPL_d1_2025-01-21.joblib"
    theirs.write_bytes(b"another team's")
    (kept.folder / "stocks").symlink_to(place / "others")
    assert removal.remove(kept.folder, [f"stocks/{theirs.name}"]) == 0
    assert theirs.exists()


@pytest.mark.parametrize("draft", [f".{NAME}.tmp", f".{FORM}.tmp"])
def test_a_folder_under_the_name_of_a_draft_hides_nothing(kept, publish, draft):
    (kept.folder / NAME).write_bytes(b"a version")
    (kept.folder / draft).mkdir()
    assert [file.file_name for file in kept.scan()] == [NAME]
    assert {path.name for path in kept.folder.iterdir()} == {draft, NAME}
    (kept.folder / NAME).unlink()
    assert publish(into=kept).version == "20250121r02"


def test_a_folder_under_the_name_of_a_form_keeps_no_claim(kept):
    (kept.folder / NAME).write_bytes(b"a version")
    (kept.folder / f".{NAME.replace('.pkl', '.json')}.tmp").touch()
    (kept.folder / "serving" / FORM).mkdir(parents=True)
    assert [file.file_name for file in kept.scan()] == [NAME]


def test_the_mark_of_use_is_not_made_elsewhere(place, kept):
    (kept.folder / ".registered").symlink_to(place / "made")
    kept.remember_use()
    assert not (place / "made").exists()


def test_only_files_of_a_likely_size_are_copied(place, kept):
    os.mkfifo(kept.folder / "pipe.pkl")
    (kept.folder / "zero.pkl").symlink_to("/dev/zero")
    (kept.folder / "whole.pkl").write_bytes(b"whole")
    with (kept.folder / "huge.pkl").open("wb") as file:
        file.truncate(2**42)
    told = {name: kept.content(f"{name}.pkl") for name in ("pipe", "zero", "whole", "huge")}
    assert told == {"pipe": None, "zero": None, "whole": b"whole", "huge": None}


def test_a_manifest_that_is_too_large_says_so(kept):
    (kept.folder / NAME).write_bytes(b"a version")
    with (kept.folder / NAME.replace(".pkl", ".json")).open("wb") as file:
        file.truncate(2**42)
    with pytest.raises(ArtifactCorruptError, match="too large for a manifest"):
        kept.manifest_bytes(NAME)
    with (kept.folder / NAME).open("wb") as file:
        file.truncate(2**42)
    with pytest.raises(ArtifactTooLargeError):
        kept.read(NAME)


def test_a_folder_that_becomes_a_link_while_a_file_is_opened_leads_nowhere(place, kept, monkeypatch):
    inside, name = kept.folder / "stocks", "AAPL_d1_20250121.joblib"
    inside.mkdir()
    (inside / name).write_bytes(b"ours")
    (place / "others" / name).write_bytes(b"theirs")
    opened, turned = os.open, threading.Event()

    def turn(path, *rest, **named):
        if str(path).endswith(name) and not turned.is_set():
            turned.set()
            inside.rename(place / "gone")
            inside.symlink_to(place / "others")
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", turn)
    with pytest.raises(ArtifactCorruptError, match="leaves the models folder"):
        kept.read(f"stocks/{name}")
    assert turned.is_set()


def test_a_path_that_turns_while_it_is_followed_is_told_as_any_other(kept, monkeypatch):
    (kept.folder / NAME).write_bytes(b"a version")
    monkeypatch.setattr(os.path, "realpath", lambda *_: (kept.folder / NAME).readlink())
    with pytest.raises(ArtifactError, match="cannot be read: Invalid argument"):
        kept.read(NAME)
