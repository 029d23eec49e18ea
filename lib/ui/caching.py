"""The cache below every read of the pages: what it hangs on, when it is made anew, and finished charts."""

import functools
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import plotly.graph_objects as go
import streamlit as st

from lib import settings as configuration
from lib.errors import DeskError
from lib.registry import history, opening, sync
from lib.registry import versions as index
from lib.registry.entities import State
from lib.registry.opening import Registry
from lib.settings import Settings
from lib.training import runs

_UNFIT = (State.TAMPERED, State.INCOMPATIBLE, State.MISSING)  # states that come without a deployment
_MOST_SECONDS_WAITED = 0.3
_SECONDS_UNTIL_SEEN = 2  # a change made by another process shows after this long; one made here shows at once

P = ParamSpec("P")
T = TypeVar("T")


@st.cache_resource(max_entries=1, show_spinner=False)
def settings() -> Settings:
    return configuration.load()


@st.cache_resource(max_entries=1, show_spinner=False, on_release=Registry.close)
def registry() -> Registry:
    return opening.open_registry(settings())


@st.cache_data(ttl=_SECONDS_UNTIL_SEEN, max_entries=1, show_spinner=False)
def mark() -> str:
    """Probe what may have changed: files, versions found unfit, the newest deployment, the newest run, its steps."""
    desk = registry()
    _look_at_folder(desk)
    unfit = [index.listing(desk, state=state, limit=1).total for state in _UNFIT]
    steps = [(run.id, run.step) for run in runs.under_way(desk.database)]
    with desk.database.reading() as connection:
        newest = runs.newest_id(connection)
    return f"{desk.store.folder_mark()} {unfit} {history.newest_id(desk)} {newest} {steps}"


class _Look(threading.Thread):
    """Brings the index in line with the folder, beside the page when that takes long."""

    def __init__(self, desk: Registry) -> None:
        super().__init__(daemon=True)
        self._desk = desk
        self.error: DeskError | None = None

    def run(self) -> None:
        try:
            sync.if_folder_changed(self._desk)
        except DeskError as error:
            self.error = error


def _look_at_folder(desk: Registry) -> None:
    under_way = (thread for thread in threading.enumerate() if isinstance(thread, _Look))
    look = next(under_way, None)
    if look is None:
        look = _Look(desk)
        look.start()
    look.join(_MOST_SECONDS_WAITED)
    if look.error is not None:
        raise look.error


def forget() -> None:
    """Look again at the next read; every action of this process ends with it."""
    mark.clear()


def remembered(
    *, max_entries: int, also: Callable[[], object] | None = None, shared: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache a read until something changes, for at most ``max_entries`` different questions.

    ``also`` probes what else the read depends on, such as the newest forecast, and must be cheap. An answer is copied
    for each page, unless it is ``shared``: for large ones that nobody changes.
    """

    def decorate(read: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(read)
        def answer(*args: Any, at_mark: object, **kwargs: Any) -> T:
            del at_mark  # part of the cache's key, not of the question
            return read(*args, **kwargs)

        keep = st.cache_resource if shared else st.cache_data
        cached: Callable[..., T] = keep(max_entries=max_entries, show_spinner=False)(answer)

        @functools.wraps(read)
        def fresh(*args: P.args, **kwargs: P.kwargs) -> T:
            return cached(*args, **kwargs, at_mark=(mark(), also() if also else None))

        return fresh

    return decorate


def every(seconds: int) -> Callable[[], int]:
    """A probe that changes this often, for ``also``: what hangs on nothing that could be looked at."""
    return lambda: int(time.time()) // seconds


@st.cache_resource(max_entries=256, show_spinner=False)
def _figure(drawn_by: str, *args: Any, _draw: Callable[..., go.Figure], **kwargs: Any) -> go.Figure:
    del drawn_by  # part of the cache's key
    return _draw(*args, **kwargs)


def figure(draw: Callable[..., go.Figure], *args: Any, **kwargs: Any) -> go.Figure:
    """Draw a chart, or take the one drawn from the same data before; nobody changes a finished chart."""
    return _figure(_name(draw), *args, _draw=draw, **kwargs)


def figure_of(subject: object, draw: Callable[..., go.Figure], *args: Any, **kwargs: Any) -> go.Figure:
    """The same for long data: ``subject`` names them, so that they are not looked through on every run."""
    return _figure(_name(draw), subject, _draw=lambda _: draw(*args, **kwargs))


def _name(draw: Callable[..., go.Figure]) -> str:
    return f"{draw.__module__}.{draw.__qualname__}"
