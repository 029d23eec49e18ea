"""The one range picker of a page about a key; what was chosen is kept over pages and stands in the URL."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from ensemble_desk.figures.along_time.moves import Window

ALL = "All"
_SPANS = {"1M": pd.DateOffset(months=1), "3M": pd.DateOffset(months=3), "1Y": pd.DateOffset(years=1)}
RANGES = (*_SPANS, ALL)
_KEPT = "range_kept"  # session state: what was chosen on any page
_KEY = "range"


@dataclass(frozen=True, slots=True)
class Range:
    """A length of time back from the newest value of each chart."""

    name: str

    def back_from(self, until: datetime | None) -> Window:
        """The window of this length that ends at ``until``; without an end, or for all, nothing is cut off."""
        if until is None or self.name == ALL:
            return Window()
        return Window(since=(pd.Timestamp(until) - _SPANS[self.name]).to_pydatetime(), until=until)


def picker(*, first: str = ALL) -> Range:
    """Ask once for all charts of the page; ``first`` until somebody has chosen on some page."""
    kept = st.session_state.get(_KEPT, first)
    chosen = st.segmented_control(
        "Range",
        RANGES,
        default=None if _KEY in st.session_state else kept,
        required=True,
        key=_KEY,
        bind="query-params",
        help="Back from the newest value of each chart. A chart also has zoom buttons and saves itself as an image.",
    )
    if chosen is not None and chosen != first:
        st.session_state[_KEPT] = chosen
    elif chosen == first:
        st.session_state.pop(_KEPT, None)
    return Range(str(chosen or kept))
