"""How high the places are of parts that the browser has not drawn yet, so that pages do not jump when they arrive.

What has a key is a field with a label unless its key is named here; figures stand in grids, tables in :func:`rows`,
choices below each other in :func:`options`, and what has no key is a link. The tests of the browser measure what moves.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

SIDEBAR_PX = 220
_PX = 15  # of a rem, in the theme
_LINK, _FIELD, _FIGURE = 30, 64, 88  # px
_EACH = {"rows": 28.1, "options": 46}  # px
_MOST = 24  # of each
_OTHERS = {
    38: (
        "introduced",
        "report",
        "retrain",
        "watch",
        "activity_download",
        "compare_download",
        "fleet_download",
    ),  # buttons
    56: ("bars", "horizon", "of", "outcomes", "range"),  # choices in a row below a label
    30: ("page", "run_page", "scope", "told", "view"),  # the same without a label
}
_SIDEBAR = """@media (min-width: 768px) {
  .stAppViewContainer:not(:has(.stSidebar)) {padding-left: %dpx}
}
"""


def rows(count: int, *, name: str) -> DeltaGenerator:
    """A place for a table of so many rows."""
    return st.container(key=f"rows_{min(count, _MOST)}_{name}")


def options(count: int, *, name: str) -> DeltaGenerator:
    """A place for so many choices, each with a caption."""
    return st.container(key=f"options_{min(count, _MOST)}_{name}")


def head() -> str:
    """Styles of the bars that Streamlit shows meanwhile, all of one height without these, and of a sidebar to come."""
    heights: dict[str, float] = {
        ".stElementContainer": _LINK,
        ".stMain .stElementContainer[class*='st-key-']": _FIELD,
        ".stMain .stGrid .stElementContainer": _FIGURE,
    }
    heights |= {f".stMain .stElementContainer.st-key-{key}": px for px, keys in _OTHERS.items() for key in keys}
    heights |= {
        f".stMain [class*='st-key-{kind}_{count}_'] .stElementContainer[class]": px * count
        for kind, px in _EACH.items()
        for count in range(1, _MOST + 1)
    }
    bar = "[data-testid=stSkeleton]"
    bars = "".join(f"{place} {bar} {{height: {px / _PX:.3f}rem}}\n" for place, px in heights.items())
    return f"<style>{bars}{_SIDEBAR % SIDEBAR_PX}</style>\n"
