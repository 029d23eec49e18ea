"""The examiner's side: read a file, look at it within limits, answer, wait for the next."""

import contextlib
import importlib
import math
import os
import resource
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ensemble_desk.artifacts.examiner import answers, limits, looking, wire
from ensemble_desk.errors import ArtifactCorruptError, ArtifactError, MissingExtraError

_NEEDED = (  # imported before the limits hold, so that these leave room for files
    "pandas",
    "sklearn._loss.loss",
    "sklearn.dummy",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.preprocessing",
    "sklearn.tree",
)
_IDLE_SECONDS = 120
_GROWN_BYTES = 2**28  # an examiner that has grown by this much makes room for a new one


def main() -> None:
    """Serve until nobody asks any more."""
    source, target = sys.stdin.buffer, _private_output()
    for name in _NEEDED:
        with contextlib.suppress(ImportError):  # a library that is not installed is told file by file
            importlib.import_module(name)
    began_with = _address_space()
    _limit(began_with)
    wire.send(target, {"ready": True})
    while select.select([source], [], [], _IDLE_SECONDS)[0]:
        try:
            told, parts = wire.receive(source, most_bytes=limits.MOST_MESSAGE_BYTES)
        except wire.CutOffError:
            return
        _answer(target, told, parts)
        if _address_space() > began_with + _GROWN_BYTES:
            return


def _answer(target: BinaryIO, told: Mapping[str, Any], parts: Sequence[bytes]) -> None:
    subject = answers.subject(told, parts)
    allowed = limits.of(len(subject.data))
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = used.ru_utime + used.ru_stime
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(spent + allowed.cpu_seconds), most))
    signal.setitimer(signal.ITIMER_REAL, allowed.wall_seconds)  # nobody handles it: it ends the process
    form: list[bytes] = []
    try:
        seen = looking.look(subject)
    except (ArtifactError, MissingExtraError) as error:
        message = answers.of_error(error)
    except Exception as error:  # noqa: BLE001 - whatever a library raises over a hostile file, the file is at fault
        problem = f"looking at it failed ({type(error).__name__})"
        message = answers.of_error(ArtifactCorruptError(subject.file_name, problem))
    else:
        message, form = answers.of_seen(seen)
    signal.setitimer(signal.ITIMER_REAL, 0)
    wire.send(target, message, *form)


def _private_output() -> BinaryIO:
    """Keep the pipe for answers; what libraries print goes nowhere."""
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return os.fdopen(kept, "wb", buffering=0x10000)


def _limit(address_space: int) -> None:
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, limits.MOST_OPEN_FILES),
    ):
        resource.setrlimit(kind, (most, most))
    if address_space:
        most = address_space + limits.MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _address_space() -> int:
    """Bytes of address space that this process takes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
