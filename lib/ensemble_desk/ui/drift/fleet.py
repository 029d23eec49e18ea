"""The fleet ranked by evidence of a fall, strongest first."""

import streamlit as st

from ensemble_desk.ui.drift import rows
from ensemble_desk.ui.frame import components, monitoring_data, wording
from ensemble_desk.ui.frame.keys import search
from ensemble_desk.ui.frame.keys import wording as drift_wording


def begin_with_strongest() -> None:
    """Look at the key with the strongest evidence of a fall, unless people look at another one already."""
    strongest = next((one for one in monitoring_data.standing().states if one.kinds), None)
    if strongest is not None and search.current() is None and search.PARAMETER not in st.query_params:
        search.choose(str(strongest.key))


def ranking() -> None:
    """Every key in production by its e-value; the row that is chosen is the key below."""
    standing = monitoring_data.standing()
    if standing.at is None:
        return
    keys, table = rows.ranking()
    if not keys:
        return
    components.table(
        table,
        key="drift_fleet",
        alt="Every key in production, strongest evidence of a fall first",
        columns=_columns(),
        chosen=lambda row: search.choose(keys[row]),
    )
    st.caption("Choose a row to look at its key below.")
    if not standing.current:
        st.caption(f"As of {wording.time(standing.at)}; a newer answer is on its way.")


def how_to_read() -> None:
    """What an e-value says, for whoever has not met one."""
    with st.expander("How to read this", icon=":material/help:"):
        st.markdown(f"{drift_wording.E_VALUE}\n\n{drift_wording.CONFIRMED}")


def _columns() -> dict[str, object]:
    chips = drift_wording.chip_colours()
    return {
        "#": st.column_config.NumberColumn(width=40),
        "E-value": st.column_config.TextColumn(
            alignment="right", help="What a stake of 1 bet against the version has grown to; 20 is the alarm line."
        ),
        "Band": st.column_config.MultiselectColumn(options=list(chips), color=list(chips.values())),
        "Accuracy since training": st.column_config.TextColumn(
            help="Of all forecasts of this version: interval for daily looks, forecasts, majority; live or replayed."
        ),
        "Against validated": st.column_config.NumberColumn(
            format="%+.0f points", help="Accuracy of the rows the band is read off minus validated accuracy."
        ),
        "Trend": st.column_config.TextColumn(
            help="Where the newest outcomes are heading; named only when chance does not explain it (95 %)."
        ),
        "Stands in the fleet": st.column_config.CheckboxColumn(
            help="Whether the alarm also stands among all keys (e-BH, false discovery rate 5 %)."
        ),
        "Outcomes missing": st.column_config.NumberColumn(
            format="localized",
            help="More forecasts with their outcome until the alarm rings, as often sooner as later, if it goes on so.",
        ),
    }
