"""What serves for every key, whether it still does what it promised, and whether one could go back."""

import streamlit as st

from ensemble_desk.ui.frame import caching, shell
from ensemble_desk.ui.overview import summary as fleet

shell.open_page("Overview")

fleet.show()

st.caption(
    f"Bars come from the source {caching.settings().bars_source}. Open leads to a key's performance, Roll back to its "
    "way back; the evidence behind a band stands on the drift page."
)
