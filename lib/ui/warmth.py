"""Importing beside the first page what the first forecast and the first preflight need."""

import importlib
import importlib.util
import threading

_HEAVY = ("sklearn.ensemble", "talib", "arch", "prophet")


def begin() -> None:
    """Start importing in a thread of its own; a library that is not installed is left to whoever asks for it."""
    threading.Thread(target=_import_heavy, daemon=True).start()


def _import_heavy() -> None:
    for name in _HEAVY:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
