"""Python's garbage collector, paused while an artifact is read: thousands of new objects, none of them garbage yet."""

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PAUSE = threading.Lock()  # held by the one load that paused the collector


@contextmanager
def paused() -> Iterator[None]:
    """Pause the collector, for all threads, until the block ends.

    Of loads at the same time the first one alone decides: a pause never lasts longer than one load.
    """
    if not (gc.isenabled() and _PAUSE.acquire(blocking=False)):
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        _PAUSE.release()


def _resume_in_child() -> None:
    """Go on in a process that was forked while a thread, which is not in it, had paused the collector."""
    if _PAUSE.locked():
        gc.enable()
        _PAUSE.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume_in_child)
