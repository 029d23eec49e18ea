"""What the alarms of a policy are worth for one version: the guide's bands alone beside bands with evidence."""

import pandas as pd
import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.simulator import Alarms, Simulation
from ensemble_desk.ui.frame import actions, components, monitoring_data, wording

_LEAST, _MOST, _FALL = 5, 40, 15  # points


@st.fragment
@actions.guard
def simulator(key: Key, version: str) -> None:
    """What the policy would do to a version like this one: false alarms when nothing changed, delay when it fell."""
    with st.form("simulate", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        drop = st.number_input("Fall to notice, in points", _LEAST, _MOST, _FALL, step=5, key="drop", width=190)
        asked = st.form_submit_button("Simulate a year", icon=":material/casino:", key="simulate_submit")
    if not asked:
        st.caption("Imitates years from this version's own outcomes, in blocks, and lets both rules look every day.")
        return
    with st.spinner("Imitating years"):
        found = monitoring_data.simulation(key, version, drop_points=int(drop))
    if found.guide is None or found.ours is None:
        components.empty("There is no simulation.", f"{found.problem[:1].upper()}{found.problem[1:]}.")
        return
    components.table(_alarms(found, found.guide, found.ours), key="alarms", alt="Alarms of both rules side by side")
    whose = found.version or "every version of the key, because this one has too few"
    st.caption(
        f"{found.n_paths} years imitated from {found.n_outcomes:,} {wording.kinds(found.kinds)} outcomes of {whose}, "
        f"in blocks of {found.block_outcomes}; seeded, so the same question has the same answer."
    )


def _alarms(found: Simulation, guide: Alarms, ours: Alarms) -> pd.DataFrame:
    fall = f"Accuracy falls by {100 * found.drop:.0f} points"
    asked = (
        ("Nothing changed: false alarms a year", lambda one: f"{one.false_alarms_a_year:.2f}"),
        ("Nothing changed: years with an alarm", lambda one: wording.percent(one.share_of_years)),
        (f"{fall}: noticed within the year", lambda one: wording.percent(one.share_noticed)),
        (f"{fall}: days until noticed (median)", _days),
    )
    return pd.DataFrame(
        [
            {"": question, "Bands alone (the guide)": told(guide), "Bands with evidence (here)": told(ours)}
            for question, told in asked
        ]
    )


def _days(one: Alarms) -> str:
    return "more than a year" if one.days_until_noticed is None else f"{one.days_until_noticed:.0f}"
