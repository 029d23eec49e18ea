"""New files are opened by the examiner only, after a note of it; what ended an examiner is never opened again."""

import os
import signal
from datetime import timedelta

import pytest
from tests.artifacts.safe_loading import hostile_pickles as hostile
from tests.registry.folder.test_sync import AAPL, NEW, OLD, drop, plain

from ensemble_desk.artifacts.examiner import asking
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.errors import ExaminerMissingError
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.folder.examining import notes
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.index.stored import Rejected
from ensemble_desk.registry.serving import ensembles as serving

BAD = "IBM_d1_20250131.pkl"


def test_no_new_file_is_loaded_in_this_process(sqlite_desk, monkeypatch):
    monkeypatch.setattr(loading, "load", None)
    drop(sqlite_desk, f"AAPL_d1_{NEW}.pkl", plain(sqlite_desk.content))
    drop(sqlite_desk, BAD, hostile.wrap(b"}" + b")" + b"\x85" * 200_000 + b"Ns"))
    report = sync.synchronise(sqlite_desk.registry)
    assert report.added == (f"AAPL_d1_{NEW}.pkl",)
    assert list(report.refused) == [BAD]


def test_the_note_stands_while_a_file_is_examined_and_not_after(desk, monkeypatch):
    drop(desk, f"AAPL_d1_{NEW}.pkl", plain(desk.content))
    drop(desk, BAD, b"rubbish")
    seen, look = [], asking.look

    def watched(subject):
        seen.append((subject.file_name, dict(versions.rejected(desk.registry))))
        return look(subject)

    monkeypatch.setattr(asking, "look", watched)
    report = sync.synchronise(desk.registry)
    assert seen == [(name, {name: notes.FIRST}) for name in (f"AAPL_d1_{NEW}.pkl", BAD)]
    assert versions.rejected(desk.registry) == report.refused
    assert list(report.refused) == [BAD]


def test_a_file_that_ends_its_examiner_is_refused_for_ever_and_the_rest_is_served(sqlite_desk, monkeypatch):
    sqlite_desk.publish(OLD)
    drop(sqlite_desk, f"AAPL_d1_{NEW}.pkl", plain(sqlite_desk.content))
    drop(sqlite_desk, BAD, b"something that ends it")
    opened, look = [], asking.look

    def watched(subject):
        opened.append(subject.file_name)
        if subject.file_name == BAD:
            asking._pool.process.poll = lambda: None
            os.kill(asking._pool.process.pid, signal.SIGSEGV)
        return look(subject)

    monkeypatch.setattr(asking, "look", watched)
    report = sync.synchronise(sqlite_desk.registry)
    assert report.added == (f"AAPL_d1_{NEW}.pkl",)
    assert "segmentation fault" in report.refused[BAD]
    assert serving.load(sqlite_desk.registry, AAPL, NEW)["weights"] == {"rf": 1.0}
    for force in (False, True):
        assert BAD in sync.synchronise(sqlite_desk.registry, force=force).refused
    assert opened.count(BAD) == 1
    drop(sqlite_desk, BAD, plain(sqlite_desk.content, symbol="IBM"))  # another file under that name
    os.utime(sqlite_desk.folder / BAD, (1, 1))
    monkeypatch.setattr(asking, "look", look)
    assert sync.synchronise(sqlite_desk.registry).added == (BAD,)


def _leave_note(desk, reason):
    status = (desk.folder / BAD).stat()
    with desk.registry.database.writing() as connection:
        index.note(connection, BAD, Rejected(status.st_size, status.st_mtime_ns, reason), at=desk.clock())


@pytest.mark.parametrize("reason", [notes.FIRST, notes.SECOND])
def test_a_note_of_a_program_that_may_live_stops_nothing(desk, reason):
    drop(desk, BAD, plain(desk.content, symbol="IBM"))
    _leave_note(desk, reason)
    assert sync.synchronise(desk.registry).added == (BAD,)
    assert versions.rejected(desk.registry) == {}


def test_a_file_that_took_its_program_with_it_gets_one_more_look(desk, monkeypatch):
    drop(desk, BAD, plain(desk.content, symbol="IBM"))
    _leave_note(desk, notes.FIRST)
    desk.clock.now += timedelta(hours=1)
    seen, look = [], asking.look
    monkeypatch.setattr(asking, "look", lambda file: (seen.append(versions.rejected(desk.registry)), look(file))[1])
    assert sync.synchronise(desk.registry).added == (BAD,)
    assert seen == [{BAD: notes.SECOND}]


def test_twice_is_enough(desk, monkeypatch):
    drop(desk, BAD, plain(desk.content, symbol="IBM"))
    _leave_note(desk, notes.SECOND)
    desk.clock.now += timedelta(hours=1)
    monkeypatch.setattr(asking, "look", None)
    for force in (False, True):
        report = sync.synchronise(desk.registry, force=force)
        assert "twice, with the whole program" in report.refused[BAD]
        assert notes.NEVER_AGAIN in versions.rejected(desk.registry)[BAD]


def test_an_examiner_that_cannot_start_says_nothing_of_the_file(sqlite_desk, monkeypatch):
    drop(sqlite_desk, BAD, plain(sqlite_desk.content, symbol="IBM"))
    look = asking.look

    def missing(_subject):
        raise ExaminerMissingError("no memory")  # noqa: EM101, TRY003 - a test

    monkeypatch.setattr(asking, "look", missing)
    assert "no memory" in sync.synchronise(sqlite_desk.registry).refused[BAD]
    assert versions.rejected(sqlite_desk.registry) == {}
    monkeypatch.setattr(asking, "look", look)
    assert sync.synchronise(sqlite_desk.registry).added == (BAD,)


@pytest.mark.parametrize("suffix", [".json", ".pkl", ".safetensors"])
def test_a_pipe_under_a_name_of_ours_waits_for_nobody(sqlite_desk, suffix):
    drop(sqlite_desk, BAD, plain(sqlite_desk.content, symbol="IBM"))
    os.mkfifo(sqlite_desk.folder / f".IBM_d1_20250131{suffix}.tmp")
    report = sync.synchronise(sqlite_desk.registry)
    assert (BAD in report.added) == (suffix != ".json")
    if suffix == ".json":
        assert "no regular file" in report.refused[BAD]
