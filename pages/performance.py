"""Whether a version does what it promised: what came of its forecasts since, and what training knew."""

import streamlit as st

from ensemble_desk.ui.frame import components, data, shell
from ensemble_desk.ui.frame.keys import strip
from ensemble_desk.ui.performance import members as member_scores
from ensemble_desk.ui.performance import over_time, worth
from ensemble_desk.ui.performance import since as since_view
from ensemble_desk.ui.performance import validation as performance
from ensemble_desk.ui.time_axis import ranges
from ensemble_desk.ui.versions import card as version_card
from ensemble_desk.ui.versions import timeline

shell.open_page("Performance")

key = strip.of_chosen_key()
record = components.version_picker(key)
components.version_badges(record)
components.accuracy_line(record)

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    view = performance.view_picker()
    performance.report_button(key)

if view == performance.SINCE:
    asked = since_view.choose(record)
    found = asked.read()
    if not found.kinds:
        since_view.nothing(found)
        st.stop()
    since_view.headline(asked, found)

    st.header("Accuracy since training", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        over, outcomes = ranges.picker(), over_time.which_outcomes()
    over_time.accuracy(asked, found, over=over, outcomes=outcomes)
    since_view.honesty(found)

    st.header("Regimes", anchor=False)
    over_time.regimes(found)

    st.header("Members against equal weights", anchor=False)
    member_scores.show(asked)
elif view == performance.WORTH:
    worth.show(record)
else:
    told = performance.evaluation(record)
    performance.headline(record, told)

    st.header("The ensemble beside what it must beat", anchor=False)
    performance.against_baselines(record, told)

    st.header("Members: seen against unseen rows", anchor=False)
    performance.overfit(record)
    version_card.members(record, data.manifest(key, record.version), key="members")

    st.header("Mistakes on the holdout", anchor=False)
    performance.mistakes(told)

    st.header("Versions of this key", anchor=False)
    timeline.accuracies(key)
    timeline.weights(key)
