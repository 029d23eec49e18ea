"""The examiner answers as a look in this process would, and outlives nothing: no file, no silence, no fork."""

import datetime as dt
import multiprocessing
import os
import pickle
import signal

import pytest
from tests.artifacts.conftest import MAX_BYTES, NOW
from tests.artifacts.safe_loading import hostile_pickles as hostile

from ensemble_desk.artifacts import serving_form
from ensemble_desk.artifacts.examiner import asking, limits, looking
from ensemble_desk.artifacts.examiner.looking import Subject
from ensemble_desk.errors import (
    ArtifactCorruptError,
    ArtifactNameError,
    ArtifactTooLargeError,
    ExaminerEndedError,
    UnsafeArtifactError,
)
from ensemble_desk.market.keys import Key

NAME = "AAPL_d1_20250121.pkl"


def subject(data: bytes, **changes) -> Subject:
    told = {"key": Key("AAPL", "d1"), "version": "20250121", "written_at": NOW, "max_bytes": MAX_BYTES}
    return Subject(**({"data": data, "file_name": NAME} | told | changes))


def examiner() -> int:
    return asking._pool.process.pid


def test_it_sees_what_a_look_here_sees(plain):
    given = subject(pickle.dumps(plain))
    seen = asking.look(given)
    assert seen == looking.look(given)
    assert serving_form.read(seen.form, name=NAME)["weights"] == plain["weights"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"rubbish", ArtifactCorruptError),
        (hostile.wrap(hostile.call(hostile.named("os", "system"), hostile.text("true"))), UnsafeArtifactError),
        (pickle.dumps({"models": {"m": {"a": 1}}, "weights": {"m": 1.0}, "symbol": "IBM"}), ArtifactNameError),
        (b"\0" * (MAX_BYTES + 1), ArtifactTooLargeError),
    ],
)
def test_it_tells_the_error_that_a_look_here_raises(data, kind):
    with pytest.raises(kind) as here:
        looking.look(subject(data))
    with pytest.raises(kind) as there:
        asking.look(subject(data))
    assert str(there.value) == str(here.value)
    assert vars(there.value) == vars(here.value)


def test_one_examiner_serves_many_files(plain):
    asking.look(subject(pickle.dumps(plain)))
    first = examiner()
    for _ in range(3):
        asking.look(subject(pickle.dumps(plain)))
        with pytest.raises(ArtifactCorruptError):
            asking.look(subject(b"rubbish"))
    assert examiner() == first
    assert os.getsid(first) == first  # a session of its own
    assert len(os.listdir(f"/proc/{first}/fd")) <= 6  # noqa: PTH208 - names only
    limit = (f"/proc/{first}/limits",)
    with open(*limit) as file:  # noqa: PTH123 - a file of the system
        told = {line[:26].strip(): line[26:].split() for line in file}
    assert told["Max core file size"][0] == told["Max file size"][0] == "0"
    assert int(told["Max address space"][0]) < 2**33


def test_an_examiner_that_went_away_is_started_again(plain):
    given = subject(pickle.dumps(plain))
    asking.look(given)
    asking._pool.process.stdin.close()  # as it does when nobody asks for a while
    asking._pool.process.wait()
    assert asking.look(given).problem == ""


@pytest.mark.parametrize(("by", "told"), [(signal.SIGSEGV, "segmentation fault"), (signal.SIGKILL, "killed")])
def test_a_file_that_ends_it_is_told_so_and_the_next_is_examined(plain, by, told):
    given = subject(pickle.dumps(plain))
    asking.look(given)
    os.kill(examiner(), signal.SIGSTOP)
    os.kill(examiner(), by)
    os.kill(examiner(), signal.SIGCONT)
    asking._pool.process.poll = lambda: None  # it dies while the file is on its way
    with pytest.raises(ExaminerEndedError, match=told):
        asking.look(given)
    assert asking.look(given).problem == ""


def test_silence_ends_it_too(plain, monkeypatch):
    given = subject(pickle.dumps(plain))
    asking.look(given)
    os.kill(examiner(), signal.SIGSTOP)
    monkeypatch.setattr(limits, "of", lambda _size: limits.Limits(cpu_seconds=1, wall_seconds=0.1))
    with pytest.raises(ExaminerEndedError):
        asking.look(given)


def _elsewhere(data: bytes, answer) -> None:
    answer.put(asking.look(subject(data)).problem)
    asking.close()


def test_a_fork_begins_with_none(plain):
    data = pickle.dumps(plain)
    asking.look(subject(data))
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    child = context.Process(target=_elsewhere, args=(data, answer))
    child.start()
    assert answer.get() == ""
    child.join()
    assert asking.look(subject(data)).problem == ""


def test_large_files_may_take_longer():
    small, large = limits.of(1_000), limits.of(60 * 2**20)
    assert small.wall_seconds < 8
    assert large.cpu_seconds > 100
    assert dt.timedelta(seconds=large.wall_seconds) < dt.timedelta(minutes=5)
