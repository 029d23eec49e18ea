"""Ensemble Desk: page configuration, navigation, run."""

import streamlit as st

from ensemble_desk.ui.frame import logo, shell

st.set_page_config(page_title="Ensemble Desk", page_icon=logo.icon(), layout="wide", initial_sidebar_state=220)
shell.run()
