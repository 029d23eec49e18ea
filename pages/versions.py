"""Which versions there are, what is inside one, and how two of them differ."""

import streamlit as st

from ensemble_desk.ui.frame import components, shell
from ensemble_desk.ui.frame.keys import strip
from ensemble_desk.ui.time_axis import ranges
from ensemble_desk.ui.versions import card as version_card
from ensemble_desk.ui.versions import comparison, timeline
from ensemble_desk.ui.versions import listing as version_list

shell.open_page("Versions")

view = version_list.view_picker()

if view == "List":
    chosen = version_list.filters()
    version_list.listing(chosen)
else:
    key = strip.of_chosen_key()

if view == "One version":
    record = components.version_picker(key, pruned=True)
    version_card.card(record)
elif view == "Compare two":
    left, right = st.columns(2)
    comparison.compare_two(key, left, right)
elif view == "Timeline":
    st.header("Accuracy of each version", anchor=False)
    timeline.accuracies(key)
    st.header("What was live when", anchor=False)
    timeline.live_strip(key, over=ranges.picker())
    st.header("Weights through the versions", anchor=False)
    timeline.weights(key)
