"""Training runs with progress, errors and logs, and the form that starts one."""

import streamlit as st

from lib.ui import run_view, shell

shell.open_page("Training runs")

st.subheader("Running now", anchor=False)
run_view.under_way()

st.subheader("Train", anchor=False)
run_view.start_form()

st.subheader("All runs", anchor=False)
chosen = run_view.filters()
run_view.listing(chosen)
