"""What an examiner may take for one file: memory, processor time, time on the clock."""

from dataclasses import dataclass

MEMORY_BYTES = 2**30  # beyond what the interpreter and the libraries take
MOST_OPEN_FILES = 64
MOST_MESSAGE_BYTES = 2**33
START_SECONDS = 120.0  # for the libraries, from a cold disk
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that one file may take."""

    cpu_seconds: float
    wall_seconds: float


def of(size_bytes: int) -> Limits:
    """Give the limits of a file; honest ones take a twentieth."""
    mebibytes = size_bytes / _MIB
    return Limits(cpu_seconds=3 + 2 * mebibytes, wall_seconds=6 + 3 * mebibytes)
