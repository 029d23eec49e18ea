"""Ask the one examiner of this process; it is started when it is needed, and again when it has ended."""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ensemble_desk.artifacts.examiner import answers, limits, wire
from ensemble_desk.artifacts.examiner.looking import Seen, Subject
from ensemble_desk.errors import ExaminerEndedError, ExaminerMissingError

_SLACK_SECONDS = 2.0  # an examiner ends itself first
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from ensemble_desk.artifacts.examiner import child
child.main()
"""
_ONE_THREAD = ("/usr/bin/env", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")  # the stack of each is counted
_ENDS = {
    "SIGXCPU": "it took too much time of the processor",
    "SIGALRM": "it took too long",
    "SIGSEGV": "a segmentation fault",
    "SIGKILL": "it was killed, as the system does when memory runs out",
}


@dataclass(slots=True)
class _Pool:
    """The examiner of this process; a fork begins with none."""

    process: "subprocess.Popen[bytes] | None" = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_pool = _Pool()


def _begin_anew() -> None:
    _pool.process, _pool.lock = None, threading.Lock()  # the parent's examiner answers the parent


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def look(subject: Subject) -> Seen:
    """Have a file looked at in another process, see :func:`ensemble_desk.artifacts.examiner.looking.look`.

    Raises
    ------
    ExaminerEndedError
        When the file ended its examiner.
    ExaminerMissingError
        When no examiner can be started, which says nothing of the file.
    """
    with _pool.lock:
        told, parts = _ask(subject)
    return answers.seen(told, parts)


def close() -> None:
    """End the examiner of this process, if there is one."""
    with _pool.lock:
        _stop()


atexit.register(close)


def _ask(subject: Subject) -> tuple[dict[str, Any], Sequence[bytes]]:
    message, parts = answers.of_subject(subject)
    allowed = limits.of(len(subject.data)).wall_seconds + _SLACK_SECONDS
    for _ in range(2):
        process = _running()
        try:
            with _killed_after(process, allowed):
                wire.send(process.stdin, message, *parts)  # type: ignore[arg-type] # both are pipes
                return wire.receive(process.stdout, most_bytes=limits.MOST_MESSAGE_BYTES)  # type: ignore[arg-type]
        except (OSError, wire.CutOffError, ValueError, KeyError):
            ended = _stop()
        if ended != 0:  # else it had gone for want of work, or to make room, before it saw this file
            raise ExaminerEndedError(subject.file_name, how=_how(ended))
    raise ExaminerMissingError(_how(0))


def _running() -> "subprocess.Popen[bytes]":
    if _pool.process is not None and _pool.process.poll() is None:
        return _pool.process
    _stop()
    paths = json.dumps([os.path.abspath(path) for path in sys.path])  # noqa: PTH100 - '' stands for here
    try:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, this package
            [*_ONE_THREAD, sys.executable, "-I", "-c", _PROGRAM, paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ExaminerMissingError(error.strerror or type(error).__name__) from error
    _pool.process = process
    try:
        with _killed_after(process, limits.START_SECONDS):
            wire.receive(process.stdout, most_bytes=0)  # type: ignore[arg-type] # a pipe
    except (OSError, wire.CutOffError, ValueError, KeyError) as error:
        raise ExaminerMissingError(_how(_stop())) from error
    return process


@contextmanager
def _killed_after(process: "subprocess.Popen[bytes]", seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stop() -> int:
    """End the examiner and give how it ended: 0 when it had gone by itself."""
    process, _pool.process = _pool.process, None
    if process is None:
        return 0
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        return process.wait(timeout=_SLACK_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _how(ended: int) -> str:
    if ended >= 0:
        return f"it ended with {ended}"
    with suppress(ValueError):
        name = signal.Signals(-ended).name
        return _ENDS.get(name, name)
    return f"signal {-ended}"
