"""What serves for every key, since when and how good it was."""

import streamlit as st

from lib.ui import caching, fleet, shell

shell.open_page("Overview")

fleet.board()

st.caption(
    f"Bars come from the source {caching.settings().bars_source}. Accuracies are validated: from rows that training "
    "had not seen. What came of logged forecasts, live and replayed apart, is told by `python -m lib.jobs live` and "
    "`python -m lib.jobs check-drift`."
)
