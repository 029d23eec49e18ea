"""Whether live accuracy still holds; says what it waits for until there is something to judge."""

import streamlit as st

from lib.ui import components, shell

shell.open_page("Drift")

components.empty(
    "Nothing can be said about drift yet.",
    "Drift compares forecasts with what came of them. No forecast is logged yet; once forecasts are logged and their "
    "horizons have passed, bands and evidence appear here. Until then no green light is shown either.",
)
st.page_link("pages/performance.py", label="What training knows about each version", icon=":material/query_stats:")
