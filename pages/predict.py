"""Ask production or any version about recent bars or an uploaded file."""

import streamlit as st

from ensemble_desk.ui.frame import shell
from ensemble_desk.ui.frame.keys import strip
from ensemble_desk.ui.predict import batch as batch_view
from ensemble_desk.ui.predict import beside as beside_view
from ensemble_desk.ui.predict import forecast as forecast_view
from ensemble_desk.ui.predict import horizons as horizons_view
from ensemble_desk.ui.predict import prices as price_view
from ensemble_desk.ui.predict import reads as predict_data
from ensemble_desk.ui.predict import reasons as reasons_view
from ensemble_desk.ui.predict import upload as upload_view

shell.open_page("Predict")

key = strip.of_chosen_key()
left, right = st.columns(2)
with left:
    record = forecast_view.version_picker(key)
with right:
    other = forecast_view.beside_picker(record)
asked = upload_view.choose_input(record)

if asked is not None:
    with st.spinner(f"Asking {record.version}"):
        answer = predict_data.ask(key, record.version, asked.frame, every_horizon=asked.has_bars)
    forecast_view.badges(record, asked, answer)
    forecast_view.result(record, answer)
    beside = beside_view.ask(other, asked) if other is not None else None
    if other is not None and beside is not None:
        beside_view.result(other, beside, first=answer)

    prices, votes, reasons, horizons, batch, numbers = st.tabs(
        ["Prices", "Votes", "Reasons", "Horizons", "Batch", "Numbers"], key="part", bind="query-params"
    )
    if prices.open:
        with prices:
            price_view.chart(record, asked)
    if votes.open:
        with votes:
            if other is not None and beside is not None:
                beside_view.votes(record, answer, other, beside)
            else:
                forecast_view.who_voted(record, answer)
    if reasons.open:
        with reasons:
            reasons_view.show(record, asked, answer)
    if horizons.open:
        with horizons:
            horizons_view.every_horizon(answer)
            st.header(f"{key.symbol} on every timeframe", anchor=False)
            horizons_view.every_timeframe(record, asked)
    if batch.open:
        with batch:
            if asked.why_not:
                st.caption(asked.why_not)
            else:
                batch_view.show(record, asked)
    if numbers.open:
        with numbers:
            forecast_view.numbers(record, answer)
