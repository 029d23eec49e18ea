"""Runs of graphs that end after some seconds, by one thread for all: one for each would cost more than the run."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

_LOOK_SECONDS = 0.2
_IDLE_LOOKS = 50


@dataclass(slots=True)
class _Watch:
    """The runs of this process with the time when each ends, and the thread that looks at them; a fork begins anew."""

    runs: dict[int, tuple[float, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_watched: bool = False


_watch = _Watch()


def _begin_anew() -> None:
    _watch.runs, _watch.lock, _watch.is_watched = {}, threading.Lock(), False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


@contextmanager
def bounded(options: Any, *, seconds: float) -> Iterator[None]:
    """Tell onnxruntime to end what runs with these options once it has taken so long."""
    with _watch.lock:
        _watch.runs[id(options)] = (time.monotonic() + seconds, options)
        if not _watch.is_watched:
            threading.Thread(target=_look_on, name="graphs", daemon=True).start()
            _watch.is_watched = True
    try:
        yield
    finally:
        _watch.runs.pop(id(options), None)


def _look_on() -> None:
    """Look at the runs again and again; ends when there have been none for some seconds."""
    n_idle = 0
    while n_idle < _IDLE_LOOKS:
        time.sleep(_LOOK_SECONDS)
        with _watch.lock:
            now = time.monotonic()
            for ends_at, options in tuple(_watch.runs.values()):
                if now > ends_at:
                    options.terminate = True
            n_idle = 0 if _watch.runs else n_idle + 1
            _watch.is_watched = n_idle < _IDLE_LOOKS
