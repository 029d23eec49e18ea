"""What the alarms of a policy are worth for one version: the guide's bands alone beside bands with evidence."""

import pandas as pd
import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.simulator import Alarms, Delay, Simulation
from ensemble_desk.ui.frame import actions, components, monitoring_data, wording
from ensemble_desk.ui.frame.browser import voice

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
    voice.say(f"{found.n_paths} years were imitated; both rules stand side by side.", key="simulated")
    components.table(_alarms(found, found.guide, found.ours), key="alarms", alt="Alarms of both rules side by side")
    whose = found.version or "every version of the key, because this one has too few"
    st.caption(
        f"{found.n_paths} years imitated from {found.n_outcomes:,} {wording.kinds(found.kinds)} outcomes of {whose}, "
        f"in blocks of {found.block_outcomes}; seeded, so the same question has the same answer."
    )


def _alarms(found: Simulation, guide: Alarms, ours: Alarms) -> pd.DataFrame:
    rows = [
        ("Nothing changed: false alarms a year", *(f"{one.false_alarms_a_year:.2f}" for one in (guide, ours))),
        ("Nothing changed: years with an alarm", *(wording.percent(one.share_of_years) for one in (guide, ours))),
    ]
    rows += [
        (f"Falls by {100 * found.drop:.0f} points {_begins(first.good_bars)}", _noticed(first), _noticed(second))
        for first, second in zip(guide.falls, ours.falls, strict=True)
    ]
    return pd.DataFrame(rows, columns=["What happens", "Bands alone (the guide)", "Bands with evidence (here)"])


def _begins(good_bars: int) -> str:
    return f"after {good_bars} good bars" if good_bars else "at once"


def _noticed(fall: Delay) -> str:
    share = f"{wording.percent(fall.share_noticed)} noticed within a year"
    return share if fall.days_until_noticed is None else f"{share}, half in {fall.days_until_noticed:.0f} days"
