"""Training runs with progress, errors and logs, and the form that starts one."""

import streamlit as st

from ensemble_desk.ui.frame import shell
from ensemble_desk.ui.training_runs import runs as run_view

shell.open_page("Training runs")

run_view.asked()

st.header("Running now", anchor=False)
run_view.under_way()

st.header("Train", anchor=False)
run_view.start_form()

st.header("All runs", anchor=False)
chosen = run_view.filters()
run_view.listing(chosen)
