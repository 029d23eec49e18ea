"""What needs somebody, then every key: what serves, whether it still does what it promised, and the way back."""

import streamlit as st

from ensemble_desk.ui.frame import caching, shell
from ensemble_desk.ui.overview import summary as fleet

shell.open_page("Overview")

fleet.show()

st.caption(f"Bars come from the source {caching.settings().bars_source}. A key's name opens its performance.")
