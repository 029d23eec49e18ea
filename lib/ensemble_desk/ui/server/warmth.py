"""From the start of the server: import what the first visitor needs, then read what the first page tells.

Then all of it is taken out of collection. A full collection of garbage looks through everything that is alive. With
every library loaded that took 66 ms, in which no page moves on; with what libraries hold frozen it takes 8 ms
(measured).
What is frozen lives as long as the process, as modules do anyway; pages and caches made later are collected as ever.
That Streamlit would collect after every run is switched off in its configuration.
"""

import gc
import importlib
import importlib.util
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from streamlit.runtime.pages_manager import PagesManager

from ensemble_desk.errors import DeskError, extras
from ensemble_desk.ui.server import addresses, promptness

_FIRST = ("plotly.graph_objects",)
_HEAVY = ("sklearn.ensemble", "talib", "arch", "prophet", "scipy.stats")
_SECONDS_UNTIL_PAGES_ARE_IN = 60  # by then the first visitors have had pages imported that nothing here names
_log = logging.getLogger(__name__)


def from_the_start(first_page: str) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Give what the server does when it starts; ``first_page`` names what its first page reads, as module:function."""

    @asynccontextmanager
    async def running(_app: object) -> AsyncGenerator[None, None]:
        PagesManager.uses_pages_directory = (
            False  # before any visitor: navigation is declared, not taken from file names
        )
        threading.Thread(target=_warm_up, args=(first_page,), daemon=True).start()
        yield

    return running


def _warm_up(first_page: str) -> None:
    addresses.compress_ahead()
    _import(_FIRST)
    _read(first_page)
    _import(_HEAVY)
    promptness.send_at_once()  # before anything is frozen, which would hide it
    settle()
    time.sleep(_SECONDS_UNTIL_PAGES_ARE_IN)
    settle()


def _import(names: tuple[str, ...]) -> None:
    """Import libraries; one that is not installed is left to whoever asks for it."""
    for name in names:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            with extras.needed():
                importlib.import_module(name)


def _read(place: str) -> None:
    """Have read what pages remember; what is wrong is told by the page itself."""
    module, _, function = place.partition(":")
    try:
        getattr(importlib.import_module(module), function)()
    except DeskError as error:
        _log.warning("%s", error)


def settle() -> None:
    """Collect once, then let later collections pass over everything that is alive now."""
    gc.collect()
    gc.freeze()
