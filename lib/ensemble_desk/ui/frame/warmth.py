"""Beside the first page: import what the first forecast and preflight need, and take all of it out of collection.

A full collection of garbage looks through everything that is alive. With every library loaded that took 66 ms, in which
no page moves on; with what libraries hold frozen it takes 8 ms (measured). What is frozen lives as long as the process,
as modules do anyway; pages and caches made later are collected as ever. That Streamlit would collect after every run is
switched off in its configuration.
"""

import gc
import importlib
import importlib.util
import threading
import time

from ensemble_desk.ui.frame import promptness

_HEAVY = ("sklearn.ensemble", "talib", "arch", "prophet", "plotly.graph_objects", "scipy.stats")
_SECONDS_UNTIL_PAGES_ARE_IN = 60  # by then the first visitors have had pages imported that nothing here names


def begin() -> None:
    """Start in a thread of its own; a library that is not installed is left to whoever asks for it."""
    threading.Thread(target=_warm_up, daemon=True).start()


def _warm_up() -> None:
    promptness.send_at_once()  # before anything is frozen, which would hide it
    for name in _HEAVY:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    settle()
    time.sleep(_SECONDS_UNTIL_PAGES_ARE_IN)
    settle()


def settle() -> None:
    """Collect once, then let later collections pass over everything that is alive now."""
    gc.collect()
    gc.freeze()
