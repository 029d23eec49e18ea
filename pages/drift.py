"""Whether live accuracy still holds: where the answer is until it is drawn here."""

import streamlit as st

from lib.ui import components, shell

shell.open_page("Drift")

components.empty(
    "This page shows no drift yet, and no green light either.",
    "Drift compares forecasts with what came of them. Until it is drawn here, this command scores them and tells "
    "each key's band with its evidence:",
    command="python -m lib.jobs check-drift",
)
st.page_link("pages/performance.py", label="What training knows about each version", icon=":material/query_stats:")
