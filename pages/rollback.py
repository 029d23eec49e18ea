"""Roll production back to an earlier version, with a preflight before and a proof after."""

import streamlit as st

from ensemble_desk.ui.frame import data, shell
from ensemble_desk.ui.frame.keys import strip
from ensemble_desk.ui.rollback import deciding
from ensemble_desk.ui.rollback import fleet as fleet_rollback
from ensemble_desk.ui.rollback import move as rollback_view
from ensemble_desk.ui.rollback import readiness as readiness_view
from ensemble_desk.ui.rollback import replay as replay_view
from ensemble_desk.ui.versions import timeline

shell.open_page("Rollback")

if fleet_rollback.is_asked_for():
    fleet_rollback.section()
    st.stop()

key = strip.of_chosen_key(preselect=False)
production = data.production(key)
seen = rollback_view.revision_on_screen(production)

rollback_view.proof(key)
rollback_view.live(production)
deciding.undo(production)

st.header("Go back", anchor=False)
target = rollback_view.target_picker(key, production)

if target is None:
    deciding.pressed_in_vain(key, seen=seen)
    readiness_view.readiness(key)
else:
    with st.spinner(f"Preflight of {target.version}"):
        report = data.preflight(key, target.version)
    rollback_view.preflight(report)
    replay_view.replay(key, current=production.version, target=target.version)
    deciding.go_back(production, report, seen=seen)

st.header("History", anchor=False)
rollback_view.history(key)
timeline.live_strip(key)
rollback_view.live_when(key)

st.header("Quarantine", anchor=False)
rollback_view.quarantined(key, seen=seen)

st.header("Go forward", anchor=False)
rollback_view.forward(key, production, seen=seen)
