"""What training knows about a version: beside its baselines, member by member, mistake by mistake."""

import streamlit as st

from lib.ui import components, data, performance, shell, timeline, version_card

shell.open_page("Performance")

left, right = st.columns(2)
with left:
    key = components.key_picker()
with right:
    record = components.version_picker(key)
components.version_badges(record)

told = performance.evaluation(record)
performance.headline(record, told)

st.subheader("The ensemble beside what it must beat", anchor=False)
performance.against_baselines(record, told)

st.subheader("Members: seen against unseen rows", anchor=False)
performance.overfit(record)
version_card.members(record, data.manifest(key, record.version), key="members")

st.subheader("Mistakes on the holdout", anchor=False)
performance.mistakes(told)

st.subheader("Versions of this key", anchor=False)
timeline.accuracies(key)
timeline.weights(key)

st.caption(
    "All of this is from training. What came of logged forecasts, live and replayed apart, is told by "
    f"`python -m lib.jobs live {key.symbol} {key.timeframe}`."
)
