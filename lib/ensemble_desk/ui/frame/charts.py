"""Showing a finished figure: one manner for all charts."""

import plotly.graph_objects as go
import streamlit as st

from ensemble_desk.ui.frame import caching
from ensemble_desk.ui.frame.caching import Drawing

_HEIGHT = 450
_CONFIG = {
    "displaylogo": False,
    "doubleClick": "reset",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "scrollZoom": False,
    "showTips": False,
}


def show(figure: go.Figure | Drawing, *, key: str, alt: str) -> None:
    """Put a chart on the page; fonts and backgrounds follow the viewer's theme, `alt` says what it shows."""
    if isinstance(figure, Drawing):
        caching.show_once((figure.of, key, alt), lambda: _show(figure.draw(), key, alt))
    else:
        _show(figure, key, alt)


def _show(figure: go.Figure, key: str, alt: str) -> None:
    config = _CONFIG | {"toImageButtonOptions": {"format": "png", "scale": 2, "filename": key}}
    height = int(figure.layout.height or _HEIGHT)  # told from the start, so that nothing moves once it is drawn
    st.plotly_chart(figure, key=f"chart_{key}", theme="streamlit", config=config, alt=alt, height=height)
