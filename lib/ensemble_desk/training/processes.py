"""Which process runs a training, and whether it still lives: its heartbeat says so."""

import functools
import logging
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Update

from ensemble_desk.database.opening import Database
from ensemble_desk.errors import DatabaseError, extras

BEAT_SECONDS = 5.0
SILENT_FOR = timedelta(minutes=1)
"""A run whose heart has not beaten for this long, by the clock of the database, is taken for dead."""

STEPLESS_FOR = timedelta(hours=1)
"""The same for a run of a release without heartbeats that reported no step; a step takes seconds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """One process; ``host`` names the machine and, in containers, the world that the number ``pid`` is of."""

    pid: int
    host: str


def this_one() -> Process:
    return Process(os.getpid(), _host())


@functools.cache
def _host() -> str:
    """Name where process numbers are the same: a container has its own, also under the name of another machine."""
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115 - no path, but a name
    except OSError:
        return platform.node()
    return f"{platform.node()} {started[:8]} {numbers}"


def lives(process: Process, *, silence: timedelta | None, last_seen: datetime, now: datetime) -> bool:
    """Whether the process may still be at work.

    Parameters
    ----------
    silence : since its last heartbeat; None: it has none.
    last_seen : when it reported last, by its own clock.
    """
    if process == this_one():
        return True
    if silence is None:
        return now - last_seen < STEPLESS_FOR
    return silence < SILENT_FOR and not _is_gone(process)


@contextmanager
def beating(database: Database, heart: Update) -> Iterator[None]:
    """Let a heart beat while something is at work, whatever its steps take; ``heart`` is the statement of one beat."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS):
            try:
                with database.writing() as connection:
                    connection.execute(heart)
            except DatabaseError:
                _log.debug("A heart could not beat", exc_info=True)

    thread = threading.Thread(target=beat, name="heart", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _is_gone(process: Process) -> bool:
    """Whether it is known, without waiting, that a process of this machine has ended."""
    if process.host != _host():
        return False
    with extras.needed():
        import psutil  # type: ignore[import-untyped] # it ships no types
    try:
        return bool(psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
