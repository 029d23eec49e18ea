"""Whatever call a publisher dies in, the folder shows no version or a whole one, and heals when it is looked at."""

import os
import signal
import threading
from collections.abc import Callable

import pytest
from tests.artifacts.conftest import MAX_BYTES

from ensemble_desk.artifacts import digests, naming
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.artifacts.store.folder import ArtifactStore

CALLS = ("open", "write", "fsync", "link", "rename", "unlink", "close", "mkdir")
STEPS = (
    "claimed",
    "draft written",
    "serving form written",
    "manifest written",
    "serving form landed",
    "artifact landed",
    "manifest landed",
)
NAME = "AAPL_d1_20250121.pkl"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], object]) -> bool:
    """Do some work in a forked process; True when that process was killed in it."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def dies_at(number: int, work: Callable[[], object]) -> Callable[[], object]:
    """Make work that is killed right before its numbered system call; a write is killed half-way."""
    left = [number]

    def wrap(call: str) -> None:
        real = getattr(os, call)

        def counted(*args, **keywords):
            left[0] -= 1
            if left[0] == 0:
                if call == "write":
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                die()
            return real(*args, **keywords)

        setattr(os, call, counted)

    def counting() -> object:
        for call in CALLS:
            wrap(call)
        return work()

    return counting


def check_nothing_or_whole(store: ArtifactStore) -> int:
    """Check what a reader sees after a crash; gives the number of versions."""
    scan = store.scan()
    assert not scan.foreign
    for entry in scan:
        data, manifest = store.read(entry.file_name), store.manifest(entry.file_name)
        assert entry.has_manifest
        assert manifest.sha256 == digests.of(data)
        assert loading.load(data, name=entry.file_name, max_bytes=MAX_BYTES)["timestamp"] == entry.version
        assert digests.of(store.form(entry.file_name)) == manifest.content["serving"]["sha256"]
    left = {str(path.relative_to(store.folder)) for path in store.folder.rglob("*") if not path.is_dir()}
    names = [entry.file_name for entry in scan]
    whole = {*names, *map(naming.manifest_name, names), *map(naming.form_name, names)}
    assert left == whole, "leftovers of the dead publisher"
    return len(scan)


def test_killed_before_every_single_system_call(tmp_path, publish):
    seen = []
    for number in range(1, 200):
        store = ArtifactStore(tmp_path / str(number), max_bytes=MAX_BYTES)
        if not killed(dies_at(number, lambda store=store: publish(into=store))):
            break
        seen.append(check_nothing_or_whole(store))
        assert publish(into=store).version == ("20250121r02" if seen[-1] else "20250121")
    assert len(seen) > 15
    assert seen == sorted(seen), "once it landed it stays"
    assert {0, 1} == set(seen)


@pytest.mark.parametrize("step", STEPS)
def test_killed_after_each_step_beside_an_earlier_version(store, publish, step):
    publish()
    dying = ArtifactStore(store.folder, max_bytes=MAX_BYTES, on_step=lambda done: die() if done == step else None)
    assert killed(lambda: publish(into=dying))
    landed = step in ("artifact landed", "manifest landed")
    assert check_nothing_or_whole(store) == 1 + landed
    assert publish().version == ("20250121r03" if landed else "20250121r02")


@pytest.mark.parametrize("step", STEPS)
def test_a_reader_that_is_killed_while_it_heals_does_no_harm(tmp_path, publish, step):
    for number in range(1, 60):
        folder = tmp_path / str(number)
        dying = ArtifactStore(folder, max_bytes=MAX_BYTES, on_step=lambda done: die() if done == step else None)
        assert killed(lambda dying=dying: publish(into=dying))
        store = ArtifactStore(folder, max_bytes=MAX_BYTES)
        survived = not killed(dies_at(number, store.scan))
        assert check_nothing_or_whole(store) == (step in ("artifact landed", "manifest landed"))
        if survived:
            return
    pytest.fail("the reader never came to an end")


@pytest.mark.parametrize("step", STEPS)
def test_the_files_of_a_living_publisher_are_left_alone(store, publish, step):
    reached, go_on = threading.Event(), threading.Event()

    def wait(done):
        if done == step:
            reached.set()
            go_on.wait(30)

    slow = ArtifactStore(store.folder, max_bytes=MAX_BYTES, on_step=wait)
    thread = threading.Thread(target=lambda: publish(into=slow))
    thread.start()
    try:
        assert reached.wait(30)
        before = sorted(path.name for path in store.folder.iterdir())
        whole = step == "manifest landed"
        assert [entry.file_name for entry in store.scan()] == ([NAME] if whole else [])
        assert sorted(path.name for path in store.folder.iterdir()) == before or whole
        assert publish().version == "20250121r02", "the other's name is taken"
    finally:
        go_on.set()
        thread.join()
    assert [entry.version for entry in store.scan()] == ["20250121", "20250121r02"]
    assert check_nothing_or_whole(store) == 2


def test_the_lock_of_a_publisher_in_another_process_is_respected(store, publish):
    ready, go_on = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:

        def wait(done):
            if done == "artifact landed":
                os.write(ready[1], b"x")
                os.read(go_on[0], 1)

        try:
            publish(into=ArtifactStore(store.folder, max_bytes=MAX_BYTES, on_step=wait))
        finally:
            os._exit(0)
    os.read(ready[0], 1)
    assert not store.scan()
    assert (store.folder / NAME).exists()
    os.write(go_on[1], b"x")
    os.waitpid(child, 0)
    assert check_nothing_or_whole(store) == 1


def test_two_processes_that_publish_at_once_never_share_a_version(store, publish):
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            try:
                for _ in range(3):
                    publish()
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    assert check_nothing_or_whole(store) == 12


def test_a_folder_that_only_may_be_read_is_listed_without_its_leftovers(store, publish, monkeypatch):
    dying = ArtifactStore(
        store.folder, max_bytes=MAX_BYTES, on_step=lambda done: die() if done == "artifact landed" else None
    )
    assert killed(lambda: publish(into=dying))
    real = os.open

    def read_only(path, flags, *mode, **keywords):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *mode, **keywords)

    monkeypatch.setattr(os, "open", read_only)
    assert list(store.scan()) == []
    monkeypatch.undo()
    assert check_nothing_or_whole(store) == 1


def test_a_leftover_whose_artifact_was_changed_since_is_not_declared_whole(store, publish):
    dying = ArtifactStore(
        store.folder, max_bytes=MAX_BYTES, on_step=lambda done: die() if done == "artifact landed" else None
    )
    assert killed(lambda: publish(into=dying))
    (store.folder / NAME).write_bytes(b"something else")
    (entry,) = store.scan()
    assert not entry.has_manifest
    assert (store.folder / NAME).read_bytes() == b"something else"
