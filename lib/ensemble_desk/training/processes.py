"""Which process runs a training, and whether it still lives."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ensemble_desk.errors import extras

SILENT_FOR = timedelta(hours=1)
"""A run on another machine that reported no step for this long is taken for dead; a step takes seconds."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process of one machine."""

    pid: int
    host: str


def this_one() -> Process:
    return Process(os.getpid(), platform.node())


def lives(process: Process, *, last_seen: datetime, now: datetime) -> bool:
    """Whether the process that reported at ``last_seen`` may still be at work.

    A process that began only after that report is another one with the same number.
    """
    if process == this_one():
        return True
    if process.host != platform.node():
        return now - last_seen < SILENT_FOR
    with extras.needed():
        import psutil  # type: ignore[import-untyped] # it ships no types
    try:
        found = psutil.Process(process.pid)
        began = datetime.fromtimestamp(found.create_time(), UTC)
        return found.status() != psutil.STATUS_ZOMBIE and began < last_seen + timedelta(seconds=1)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return now - last_seen < SILENT_FOR
