"""Browsing the version index: filters in the URL, one page of rows at a time, a row opens its card."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd
import streamlit as st

from ensemble_desk.market.timeframes import TIMEFRAMES
from ensemble_desk.registry.entities import State, VersionRecord
from ensemble_desk.registry.index.paging import Order
from ensemble_desk.ui.frame import components, data, wording
from ensemble_desk.ui.frame.filters import VersionFilter
from ensemble_desk.ui.frame.keys import search

_EARLIEST = date(1970, 1, 1)
_ORDERS: dict[str, tuple[Order, bool]] = {
    "newest first": ("created_at", True),
    "oldest first": ("created_at", False),
    "most accurate first": ("accuracy", True),
    "by key": ("symbol", False),
}
VIEW = "view"
VIEWS = ("List", "One version", "Compare two", "Timeline")


def view_picker() -> str:
    """Choose what of the versions to look at; it lives in the URL."""
    default = None if VIEW in st.session_state else VIEWS[0]  # opening a row has chosen already
    chosen = st.segmented_control(
        "View", VIEWS, default=default, required=True, key=VIEW, bind="query-params", label_visibility="collapsed"
    )
    return str(chosen or VIEWS[0])


def filters() -> VersionFilter:
    """Ask what to list; every answer lives in the URL."""
    if not data.known_keys():
        components.nothing_yet()
    symbols = data.known_symbols()
    latest = datetime.now(UTC).date()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        symbol = st.selectbox(
            "Symbol", symbols, index=None, placeholder="All", key="symbol", bind="query-params", width=120
        )
        timeframe = st.selectbox(
            "Timeframe",
            list(TIMEFRAMES),
            index=None,
            placeholder="All",
            key="timeframe",
            bind="query-params",
            width=130,
        )
        state = st.selectbox(
            "State", [str(s) for s in State], index=None, placeholder="All", key="state", bind="query-params", width=150
        )
        since = st.date_input(
            "Created from", None, min_value=_EARLIEST, max_value=latest, key="since", bind="query-params", width=140
        )
        until = st.date_input(
            "Created to", None, min_value=_EARLIEST, max_value=latest, key="until", bind="query-params", width=140
        )
        order = st.selectbox("Order", list(_ORDERS), key="order", bind="query-params", width=175)
    column, descending = _ORDERS[order]
    return VersionFilter(symbol, timeframe, state, since, until, column, descending)


def listing(chosen: VersionFilter) -> None:
    """Show one page of the filtered index with the way to the others below."""
    slot = st.container()
    total = data.version_page(chosen, 1).total
    if not total:
        components.empty("No version matches these filters.", "Clear one of them to see more.")
        return
    n_pages = -(-total // chosen.limit)
    with st.container(horizontal=True, vertical_alignment="center"):
        number = st.pagination(n_pages, max_visible_pages=0, key="page", bind="query-params")
        st.caption(f"Page {number:,} of {n_pages:,} · {total:,} version{'s' if total != 1 else ''}")
    rows = data.version_page(chosen, number).rows
    with slot:
        components.table(
            _frame(rows),
            key="versions",
            alt="Versions that match the filters",
            columns=_columns(),
            weak=[not wording.is_firm(row.n_eff) for row in rows],
            chosen=lambda row: _open(rows[row]),
        )
        st.caption("Choose a row to open its card.")


def _frame(rows: Sequence[VersionRecord]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Key": str(row.key),
                "Version": row.version,
                "State": [str(row.state)] + ([components.EXPIRED] if data.is_expired(row) else []),
                "Horizon": row.horizon or wording.UNKNOWN,
                "Holdout accuracy": wording.accuracy_of(row),
                "Weights": wording.weights(row.weights),
                "Data to": row.last_bar,
                "Created": row.created_at,
                "Size": wording.size(row.size_bytes),
                "Remarks": wording.remarks(row),
            }
            for row in rows
        ]
    )


def _columns() -> dict[str, object]:
    return {
        "Key": st.column_config.TextColumn(pinned=True),
        "State": components.states_column(),
        "Data to": st.column_config.DatetimeColumn(format="YYYY-MM-DD", timezone="UTC", help="Last bar it learnt from"),
        "Created": components.time_column("Created"),
    }


def _open(row: VersionRecord) -> None:
    """Turn to the card of a version."""
    search.choose(str(row.key), choices={"version": row.version, VIEW: VIEWS[1]})
