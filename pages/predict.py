"""Ask production or any version about recent bars or an uploaded file."""

import streamlit as st

from lib.ui import components, data, forecast_view, shell

shell.open_page("Predict", role="analyst")

left, right = st.columns(2)
with left:
    key = components.key_picker()
with right:
    record = forecast_view.version_picker(key)
asked = forecast_view.choose_input(key)

if asked is not None:
    with st.spinner(f"Asking {record.version}"):
        answer = data.ask(key, record.version, asked.frame, every_horizon=asked.has_bars)
    forecast_view.badges(record, asked, answer)
    forecast_view.result(record, answer)

    st.subheader("Who voted how", anchor=False)
    forecast_view.who_voted(answer)

    st.subheader("Where prices may go", anchor=False)
    forecast_view.price_chart(key, record, asked)

    st.subheader("Every horizon", anchor=False)
    forecast_view.horizons(answer)

    with st.expander("In numbers", icon=":material/table:"):
        forecast_view.download(key, record, answer)
