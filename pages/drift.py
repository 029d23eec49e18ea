"""Whether accuracy still holds: the fleet by evidence, then one key with all that stands behind its verdict."""

import streamlit as st

from ensemble_desk.ui.drift import diagnosis as diagnosis_view
from ensemble_desk.ui.drift import fleet as drift_fleet
from ensemble_desk.ui.drift import simulation as simulation_view
from ensemble_desk.ui.drift import verdict as drift_view
from ensemble_desk.ui.frame import components, shell
from ensemble_desk.ui.frame.keys import strip
from ensemble_desk.ui.time_axis import ranges

shell.open_page("Drift")

drift_fleet.begin_with_strongest()
key = strip.of_chosen_key()

st.header("Fleet, strongest evidence of a fall first", anchor=False)
drift_fleet.ranking()
drift_fleet.how_to_read()

st.header(f"{key}", anchor=False)
components.source_badge(key)
state = drift_view.state_of(key)
if state is None:
    drift_view.not_known(key)
    st.stop()
drift_view.verdict(state)
drift_view.retrain(key)

over = ranges.picker()
if state.kinds:
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Evidence of a fall", anchor=False)
        drift_view.e_process(state, over=over)
    with right:
        st.header("Promised against realised", anchor=False)
        drift_view.promised(state, over=over)

st.header("Bands day by day", anchor=False)
drift_view.band_history(key, over=over)

if state.version:
    st.header("What alarms are worth here", anchor=False)
    simulation_view.simulator(key, state.version)

    st.header("Have the features moved?", anchor=False)
    diagnosis_view.features(key, state.version)
