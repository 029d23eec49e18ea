"""What serves for every key, since when and how good it was."""

import streamlit as st

from lib.ui import fleet, shell

shell.open_page("Overview")

fleet.board()

st.caption(
    "Live accuracy, drift bands and alerts appear here once forecasts are logged and their horizons have passed. "
    "None is logged yet, so nothing is claimed about it."
)
