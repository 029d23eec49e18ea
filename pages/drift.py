"""Whether accuracy still holds: the fleet by evidence, then one key with all that stands behind its verdict."""

import streamlit as st

from ensemble_desk.ui.drift import diagnosis as diagnosis_view
from ensemble_desk.ui.drift import fleet as drift_fleet
from ensemble_desk.ui.drift import simulation as simulation_view
from ensemble_desk.ui.drift import verdict as drift_view
from ensemble_desk.ui.frame import components, shell
from ensemble_desk.ui.frame.keys import strip

shell.open_page("Drift")

key = strip.of_chosen_key()

st.subheader("Fleet, strongest evidence of a fall first", anchor=False)
drift_fleet.ranking()
drift_fleet.how_to_read()

st.subheader(f"{key}", anchor=False)
components.source_badge(key)
state = drift_view.state_of(key)
if state is None:
    drift_view.not_known(key)
    st.stop()
drift_view.verdict(state)
drift_view.retrain(key)

if state.kinds:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Evidence of a fall", anchor=False)
        drift_view.e_process(state)
    with right:
        st.subheader("Promised against realised", anchor=False)
        drift_view.promised(state)

st.subheader("Bands day by day", anchor=False)
drift_view.band_history(key)

if state.version:
    st.subheader("What alarms are worth here", anchor=False)
    simulation_view.simulator(key, state.version)

    st.subheader("Have the features moved?", anchor=False)
    diagnosis_view.features(key, state.version)
