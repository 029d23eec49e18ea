"""A lock on an open file that its process's death releases, on either kind of system."""

import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def try_lock(descriptor: int) -> None:
    """Take the lock for this process; raises BlockingIOError when another one has it, OSError when none can be had."""
    if sys.platform == "win32":
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def flag(name: str) -> int:
    """Give a flag of `os.open`; 0 where the system does not know it."""
    return int(getattr(os, name, 0))
