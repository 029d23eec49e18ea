"""The cache below every read of the pages: what it hangs on, when it is made anew, and finished charts."""

import copy
import dataclasses
import functools
import hashlib
import itertools
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from ensemble_desk import settings as configuration
from ensemble_desk.errors import DeskError
from ensemble_desk.registry import opening
from ensemble_desk.registry.entities import UNSERVED
from ensemble_desk.registry.folder import freshness
from ensemble_desk.registry.index import descriptions
from ensemble_desk.registry.index import versions as index
from ensemble_desk.registry.ledger import history
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.training import runs

_MOST_SECONDS_WAITED = 0.3
_MOST_SECONDS_FOR_A_SERVER = 1.0  # a page says what is down instead of waiting for it
_SECONDS_UNTIL_SEEN = 2  # a change made by another process shows after this long; one made here shows at once
_MOST_SHOWN = 128  # finished charts and tables, each of up to a few hundred kilobytes
_NUMBERS = itertools.count()

P = ParamSpec("P")
T = TypeVar("T")


@st.cache_resource(max_entries=1, show_spinner=False)
def settings() -> Settings:
    return configuration.load()


@st.cache_resource(max_entries=1, show_spinner=False, on_release=Registry.close)
def registry() -> Registry:
    patience = min(_MOST_SECONDS_FOR_A_SERVER, settings().database_patience)
    return opening.open_registry(settings().model_copy(update={"database_patience": patience}))


@st.cache_data(ttl=_SECONDS_UNTIL_SEEN, max_entries=1, show_spinner=False)
def mark() -> str:
    """Probe what may have changed: files, versions found unfit, the newest deployment, run, steps, description."""
    desk = registry()
    _look_at_folder(desk)
    unfit = [index.listing(desk, state=state, limit=1).total for state in UNSERVED]  # these come without a deployment
    steps = [(run.id, run.step) for run in runs.under_way(desk.database)]
    with desk.database.reading() as connection:
        newest = runs.newest_id(connection)
        told = descriptions.newest_id(connection)
    return f"{desk.store.folder_mark()} {unfit} {history.newest_id(desk)} {newest} {steps} {told}"


@st.cache_data(ttl=1, max_entries=1, show_spinner=False)
def newest_move() -> int:
    """Number of the newest row of history; all sessions of a server ask for it once a second."""
    return history.newest_id(registry())


class _Look(threading.Thread):
    """Brings the index in line with the folder, beside the page when that takes long."""

    def __init__(self, desk: Registry) -> None:
        super().__init__(daemon=True)
        self._desk = desk
        self.error: DeskError | None = None

    def run(self) -> None:
        try:
            freshness.if_folder_changed(self._desk)
        except DeskError as error:
            self.error = error


_finding = threading.Lock()


def _look_at_folder(desk: Registry) -> None:
    with _finding:  # a thread that begins is listed before it can be waited for
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
    newest_move.clear()


class _Answer:
    """The newest answer to one question: a change replaces it, so that what is kept does not grow with changes."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._mark: object = self  # no mark at all
        self._kept: Any = None

    def at(self, mark: object, read: Callable[[], object]) -> Any:
        """Give what was read at this mark; one session reads, others wait for it."""
        with self._reading:
            if self._mark != mark:
                self._kept, self._mark = read(), mark
            return self._kept


class _Answers:
    """Answers by question, the ones that were asked for last."""

    def __init__(self) -> None:
        self._looking = threading.Lock()
        self._kept: OrderedDict[object, _Answer] = OrderedDict()

    def to(self, question: object, *, most: int) -> _Answer:
        with self._looking:
            answer = self._kept.setdefault(question, _Answer())
            self._kept.move_to_end(question)
            while len(self._kept) > most:
                self._kept.popitem(last=False)
            return answer


@st.cache_resource(max_entries=1, show_spinner=False)
def _memory() -> defaultdict[str, _Answers]:
    """What every read remembers; Streamlit's own caches take ten times as long to recognise a question."""
    return defaultdict(_Answers)


def _question(given: object) -> object:
    """Bring what is asked into a form that can be compared."""
    if isinstance(given, pd.DataFrame):
        columns = tuple(zip(given.columns, map(str, given.dtypes), strict=True))
        rows = pd.util.hash_pandas_object(given).to_numpy().tobytes()
        return columns, len(given), hashlib.blake2b(rows).digest()
    if isinstance(given, np.ndarray):
        return given.shape, str(given.dtype), given.tobytes()
    if dataclasses.is_dataclass(given):
        return type(given), tuple(_question(getattr(given, field.name)) for field in dataclasses.fields(given))
    if isinstance(given, Mapping):
        return tuple((name, _question(value)) for name, value in given.items())
    if isinstance(given, (list, tuple, set)):
        return tuple(map(_question, given))
    return given


def remembered(
    *, max_entries: int, also: Callable[[], object] | None = None, shared: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Cache a read until something changes, for at most ``max_entries`` different questions.

    ``also`` probes what else the read depends on, such as the newest forecast, and must be cheap. An answer is copied
    for each page, unless it is ``shared``: for large ones that nobody changes.
    """
    return _kept(lambda: (mark(), also() if also else None), max_entries=max_entries, shared=shared)


def kept(*, seconds: int, max_entries: int, shared: bool = False) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The same for what changes with time only, such as the bars of a source."""
    return _kept(every(seconds), max_entries=max_entries, shared=shared)


def _kept(at: Callable[[], object], *, max_entries: int, shared: bool) -> Callable[[Callable[P, T]], Callable[P, T]]:
    def decorate(read: Callable[P, T]) -> Callable[P, T]:
        name = _name(read)

        @functools.wraps(read)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            now = at()
            known = _memory()[name].to(_question((args, kwargs)), most=max_entries)
            given: T = known.at(now, lambda: read(*args, **kwargs))
            return given if shared else copy.deepcopy(given)

        return answer

    return decorate


def every(seconds: int) -> Callable[[], int]:
    """A probe that changes this often, for ``also``: what hangs on nothing that could be looked at."""
    return lambda: int(time.time()) // seconds


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A chart that need not be drawn where one of the same data was shown before.

    Attributes
    ----------
    of : who draws it and the data, or the name of long data.
    """

    of: tuple[object, ...]
    draw: Callable[[], go.Figure]


def figure(draw: Callable[..., go.Figure], *args: Any, **kwargs: Any) -> Drawing:
    """A chart of these data, for :func:`ensemble_desk.ui.frame.charts.show`."""
    return Drawing((_name(draw), args, kwargs), lambda: draw(*args, **kwargs))


class Same:
    """A shared answer as part of a question: the very same object is the same, and nothing else."""

    __slots__ = ("answer",)

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.answer is self.answer

    def __hash__(self) -> int:
        return id(self.answer)


def show_once(question: object, show: Callable[[], object]) -> None:
    """Show charts or tables without widgets; asked the same again, Streamlit sends what it sent before.

    Otherwise every run of a page copies, checks and writes out each of them, which takes ten times as long.
    """
    number: int = _memory()["shown"].to(_question(question), most=_MOST_SHOWN).at(None, lambda: next(_NUMBERS))
    _shown(number=number, _show=show)


@st.cache_resource(max_entries=_MOST_SHOWN, show_spinner=False)
def _shown(number: int, _show: Callable[[], object]) -> None:
    del number  # the cache's key
    _show()


def _name(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
