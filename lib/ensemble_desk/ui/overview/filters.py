"""Which rows of the fleet are shown and in what order; every choice lives in the address, so a view can be kept."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import streamlit as st

from ensemble_desk.registry.entities import Mode
from ensemble_desk.ui.overview import views
from ensemble_desk.ui.overview.rows import Need, Row

SHOW = "show"
_ALL, _NEEDING, _WATCHED, _PINNED = "all keys", "need somebody", "watched", "pinned"
_WORST, _KEY, _LOWEST, _OLDEST = "worst first", "by key", "least accurate first", "oldest first"
_UNKNOWN = 2.0  # sorts behind every share


@dataclass(frozen=True, slots=True)
class View:
    """What somebody wants to see of the fleet."""

    show: str
    text: str
    timeframe: str | None
    order: str


def choose(show: str) -> None:
    """Show these keys from the next run on."""
    st.session_state[SHOW] = show


def ask(rows: Sequence[Row]) -> View:
    """Draw the filters."""
    options = [_ALL, _NEEDING, _WATCHED, _PINNED, *map(str, Need)]
    timeframes = sorted({row.pointer.key.timeframe for row in rows})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input("Filter", key="q", bind="query-params", placeholder="part of a key", width=130)
        show = st.selectbox("Show", options, key=SHOW, bind="query-params", width=150)
        timeframe = st.selectbox(
            "Timeframe", timeframes, index=None, placeholder="all", key="tf", bind="query-params", width=100
        )
        order = st.selectbox("Order", list(_ORDERS), key="order", bind="query-params", width=175)
        views.menu({"q": "", SHOW: _ALL, "tf": None, "order": _WORST})
    return View(show, text.strip().upper(), timeframe, order)


def apply(view: View, rows: Sequence[Row], *, watched: AbstractSet[str]) -> Sequence[Row]:
    """Give the rows that the view shows, in its order; they come worst first."""
    if view == View(_ALL, "", None, _WORST):
        return rows
    wanted = _wanted(view.show, watched)
    found = [
        row
        for row in rows
        if wanted(row) and view.text in row.name.upper() and view.timeframe in (None, row.pointer.key.timeframe)
    ]
    order = _ORDERS[view.order]
    return found if order is None else sorted(found, key=order)


def _wanted(show: str, watched: AbstractSet[str]) -> Callable[[Row], bool]:
    tests: dict[str, Callable[[Row], bool]] = {
        _ALL: lambda _row: True,
        _NEEDING: lambda row: bool(row.needs),
        _WATCHED: lambda row: row.name in watched,
        _PINNED: lambda row: row.pointer.mode is Mode.PINNED,
    }
    return tests.get(show) or (lambda row: show in row.needs)


def _accuracy(row: Row) -> tuple[float, str]:
    return (_UNKNOWN if row.now is None else row.now), row.name


def _last_bar(row: Row) -> tuple[float, str]:
    at = row.record.last_bar if row.record is not None else None
    return (float("inf") if at is None else at.timestamp()), row.name


_ORDERS: dict[str, Callable[[Row], tuple[float, str] | str] | None] = {
    _WORST: None,
    _KEY: lambda row: row.name,
    _LOWEST: _accuracy,
    _OLDEST: _last_bar,
}
