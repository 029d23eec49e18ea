"""A bucket of artifacts on a real server: whole versions or none, never overwritten, whatever becomes of anybody."""

import datetime as dt
import os
import pickle
import subprocess
import sys

import pytest
from tests import bucket_server as servers
from tests.artifacts.conftest import DAY, MAX_BYTES, NOW
from tests.conftest import ROOT

from ensemble_desk.artifacts import digests
from ensemble_desk.artifacts.store import bucket as buckets
from ensemble_desk.artifacts.store.bucket import Bucket
from ensemble_desk.artifacts.store.kept_objects import KeptObjects
from ensemble_desk.artifacts.store.objects import ObjectStore
from ensemble_desk.errors import (
    ArtifactMissingError,
    ArtifactTooLargeError,
    ClockSkewError,
    PublishError,
    StoreForbiddenError,
    StoreUnreachableError,
)
from ensemble_desk.market.keys import Key

KEY = Key("AAPL", "d1")
FILE = "AAPL_d1_20250121.pkl"
WHOLE = ["AAPL_d1_20250121.json", FILE, "serving/AAPL_d1_20250121.safetensors"]


@pytest.fixture
def kept(tmp_path):
    return KeptObjects(tmp_path / "kept", 2**24)


@pytest.fixture
def store(bucket_url, kept):
    return ObjectStore(Bucket(bucket_url), max_bytes=MAX_BYTES, kept=kept)


def names(store):
    return sorted(one.name for one in store.bucket.all())


def later(store, **time):
    """The same bucket, looked at when some time has gone by."""
    return ObjectStore(
        store.bucket,
        max_bytes=MAX_BYTES,
        kept=store.kept,
        clock=lambda: dt.datetime.now(dt.UTC) + dt.timedelta(**time),
    )


@pytest.fixture
def program(store, content, tmp_path, bucket_server):
    """Starts a program that publishes when it is told to go."""
    file = tmp_path / "content.pkl"
    file.write_bytes(pickle.dumps(content))

    def start(n=1, last_step=""):
        script = ROOT / "tests" / "artifacts" / "store" / "publish_into_bucket.py"
        command = [sys.executable, script, store.bucket.url, file, str(n), last_step]
        environment = os.environ | bucket_server.environment() | {"PYTHONPATH": str(ROOT / "lib")}
        return subprocess.Popen(command, env=environment, stdin=-1, stdout=-1, stderr=-1, text=True)

    return start


def test_a_version_is_whole_and_reads_back(store, publish):
    published = publish(into=store)
    assert names(store) == WHOLE
    data = store.read(FILE)
    assert (digests.of(data), len(data)) == (published.sha256, published.size_bytes)
    assert digests.of(store.form(FILE)) == published.form_sha256
    assert store.manifest(FILE) == published.manifest
    (entry,) = store.scan()
    assert (entry.file_name, entry.key, entry.has_manifest) == (FILE, KEY, True)
    assert (entry.size_bytes, entry.mtime_ns) == (published.size_bytes, published.mtime_ns)
    assert store.exists(FILE)
    assert not store.is_emptied()


def test_later_versions_of_a_day_are_numbered_after_all_there_are(store, publish, content):
    store.bucket.create("AAPL_d1_20250121r02.pkl", b"somebody's")
    assert [publish(into=store).version for _ in range(2)] == ["20250121r03", "20250121r04"]
    assert store.bucket.read("AAPL_d1_20250121r02.pkl") == b"somebody's"
    taken = {"20250121r05"}
    assert store.publish(content, key=KEY, date=DAY, created_at=NOW, taken=taken).version == "20250121r06"


def test_programs_that_race_for_a_name_get_one_each(store, program):
    publishers = [program(n=2) for _ in range(3)]
    for one in publishers:
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60) for one in publishers]
    assert [one.returncode for one in publishers] == [0, 0, 0], told
    versions = sorted("".join(out for out, _ in told).split())
    assert versions == ["20250121", *(f"20250121r{n:02d}" for n in range(2, 7))]
    assert [entry.version for entry in store.scan()] == versions
    assert all(entry.has_manifest for entry in store.scan())
    for entry in store.scan():
        assert digests.of(store.read(entry.file_name)) == store.manifest(entry.file_name).sha256


@pytest.mark.parametrize(("step", "whole"), [("claimed", False), ("artifact landed", True)])
def test_what_a_killed_publisher_left_is_finished_or_given_up(store, program, publish, step, whole):
    dying = program(last_step=step)
    dying.communicate("go\n", timeout=60)
    assert dying.returncode == -9
    assert FILE.replace(".pkl", ".json") not in names(store)
    assert [entry.file_name for entry in store.scan()] == ([FILE] if whole else [])
    assert names(store) == (WHOLE if whole else [".AAPL_d1_20250121.json.tmp"])
    if whole:
        assert store.manifest(FILE).sha256 == digests.of(store.read(FILE))
    assert publish(into=store).version == "20250121r02"  # no name is used twice
    assert [entry.version for entry in later(store, hours=2).scan()] == ["20250121"] * whole + ["20250121r02"]
    assert not [name for name in names(store) if name.startswith(".")]


def test_another_content_under_a_claimed_name_is_not_taken_for_the_publishers(store, program):
    dying = program(last_step="claimed")
    dying.communicate("go\n", timeout=60)
    store.bucket.create(FILE, b"somebody's")
    assert list(store.scan()) == []
    assert [entry.has_manifest for entry in later(store, hours=2).scan()] == [False]
    assert store.read(FILE) == b"somebody's"


def test_what_is_registered_is_served_while_the_server_is_away(store, publish, kept, bucket_server, monkeypatch):
    published = publish(into=store)
    with servers.way_to(bucket_server.port) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{way.port}")
        buckets._client.cache_clear()
        assert store.read(FILE, sha256=published.sha256) == store.read(FILE)
        way.cut()
        assert digests.of(store.read(FILE, sha256=published.sha256)) == published.sha256
        for ask in (store.scan, lambda: store.read(FILE), lambda: publish(into=store), lambda: store.exists(FILE)):
            with pytest.raises(StoreUnreachableError, match="does not answer"):
                ask()
        way.open()
        assert [entry.file_name for entry in store.scan()] == [FILE]
        assert publish(into=store).version == "20250121r02"
        file = kept.folder / published.sha256
        file.write_bytes(file.read_bytes()[:-1] + b"?")  # a damaged copy is read anew
        assert digests.of(store.read(FILE, sha256=published.sha256)) == published.sha256


def test_copies_are_bounded_and_the_least_used_go_first(tmp_path):
    kept = KeptObjects(tmp_path / "kept", 250)
    some = [bytes([n]) * 100 for n in range(4)]
    for number, data in enumerate(some[:2]):
        kept.put(data)
        os.utime(kept.folder / digests.of(data), ns=(number, number))
    assert kept.get(digests.of(some[0])) == some[0]  # used just now
    kept.put(some[2])
    kept.put(b"?" * 251)
    assert [kept.get(digests.of(data)) is not None for data in some] == [True, False, True, False]
    assert sum(file.stat().st_size for file in kept.folder.iterdir()) <= 250


def test_credentials_without_rights_read_and_are_refused_to_write(store, publish, bucket_server, monkeypatch):
    publish(into=store)
    for name, value in bucket_server.environment("reader").items():
        monkeypatch.setenv(name, value)
    buckets._client.cache_clear()
    assert [entry.file_name for entry in store.scan()] == [FILE]
    for ask in (lambda: publish(into=store), lambda: store.remove([FILE]), lambda: store.write_form(FILE, b"x")):
        with pytest.raises(StoreForbiddenError, match=r"does not let these credentials (write|delete)"):
            ask()
    assert names(store) == WHOLE


def test_wrong_credentials_are_named_but_never_told(store, bucket_server, monkeypatch):
    wrong = "another-secret-abcdefgh"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", wrong)
    buckets._client.cache_clear()
    with pytest.raises(StoreForbiddenError, match="does not know these credentials") as caught:
        store.scan()
    told = "".join((str(caught.value), repr(caught.value.__cause__), repr(store)))
    assert wrong not in told
    assert "desk-key" not in told


@pytest.mark.parametrize(("minutes", "said"), [(10, "10 minutes \\(ahead\\)"), (-10, "10 minutes \\(behind\\)")])
def test_a_clock_that_is_wrong_publishes_nothing_and_is_told(store, publish, minutes, said):
    with pytest.raises(ClockSkewError, match=said):
        publish(into=later(store, minutes=minutes))
    assert names(store) == []


def test_an_object_lock_keeps_what_was_published_and_lets_it_be_pruned(bucket_url, bucket_server, kept, publish):
    store = ObjectStore(Bucket(bucket_server.new_bucket(locked=True)), max_bytes=MAX_BYTES, kept=kept)
    publish(into=store)
    assert publish(into=store).version == "20250121r02"
    assert store.remove([FILE]) >= 3
    assert [entry.version for entry in store.scan()] == ["20250121r02"]


def test_files_of_others_are_listed_and_taken_in_where_the_name_is_free(store, publish):
    store.take_in(FILE, b"somebody's")
    with pytest.raises(PublishError, match="already"):
        store.take_in(FILE, b"another's")
    store.bucket.create("stocks/MSFT/d1/20250121.pkl", b"one")
    store.bucket.create("notes.pkl", b"two")
    store.bucket.create("registry/AAPL_d1_20250122.pkl", b"three")
    for name in (
        "AAPL_d1_20250121.pkl.bak",
        "stocks/MSFT/d1/20250121.onnx",
        "registry/AAPL_d1_20250122.bak",
        "notes.txt",
    ):
        store.bucket.create(name, b"four")
    scan = store.scan()
    assert [(entry.file_name, entry.has_manifest) for entry in scan] == [
        (FILE, False),
        ("stocks/MSFT/d1/20250121.pkl", False),
    ]
    assert list(scan.foreign) == ["notes.pkl"]
    assert scan.passed_over == ("AAPL_d1_20250121.pkl.bak", "stocks/MSFT/d1/20250121.onnx")
    assert abs(scan[0].written_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)


def test_what_is_not_there_or_too_large_is_told(store):
    with pytest.raises(ArtifactMissingError):
        store.read(FILE)
    store.bucket.create(FILE, b"x" * 100)
    small = ObjectStore(store.bucket, max_bytes=50, kept=store.kept)
    with pytest.raises(ArtifactTooLargeError):
        small.read(FILE)


def test_a_stores_of_another_process_is_the_same(store):
    again = pickle.loads(pickle.dumps(store))
    assert (again.bucket, again.kept.folder) == (store.bucket, store.kept.folder)


_AS_ON_WINDOWS = """
import os, sys, types
import ctypes, multiprocessing, numpy, pandas, pydantic, safetensors, sqlalchemy, subprocess, tempfile
import obstore.store
sys.platform = "win32"
sys.modules |= {"fcntl": None, "resource": None, "pwd": None, "grp": None, "msvcrt": types.ModuleType("msvcrt")}
del os.register_at_fork, os.O_NOFOLLOW, os.O_NONBLOCK, os.O_DIRECTORY, os.fchmod, os.pread
import ensemble_desk.loader
import ensemble_desk.artifacts.store.folder, ensemble_desk.artifacts.store.objects
import ensemble_desk.registry.opening, ensemble_desk.registry.ledger.writing, ensemble_desk.registry.folder.sync
"""


def test_a_system_without_forks_and_posix_locks_can_import_it():
    environment = os.environ | {"PYTHONPATH": str(ROOT / "lib")}
    done = subprocess.run(
        [sys.executable, "-c", _AS_ON_WINDOWS], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
