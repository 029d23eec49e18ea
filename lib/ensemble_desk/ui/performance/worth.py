"""What acting on a version's forecasts would have been worth after costs."""

import pandas as pd
import streamlit as st

from ensemble_desk.figures import value
from ensemble_desk.monitoring.worth.records import Record
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, monitoring_data, wording

_ALL, _THIS = "Every version", "This version"


def show(record: VersionRecord) -> None:
    """The record of the version or of the key, beside holding without any forecast."""
    scope = st.segmented_control(
        "Forecasts of", (_THIS, _ALL), default=_THIS, required=True, key="worth_of", bind="query-params"
    )
    found = monitoring_data.value_of(record.key, None if scope == _ALL else record.version)
    st.markdown(f"**{wording.plain(found.in_words)}**")
    if found.acted is None:
        return
    components.table(
        pd.DataFrame(value.rows(found), columns=["", *value.ROWS]),
        key="worth_table",
        alt="Acting on the forecasts beside holding without them",
    )
    charts.show(caching.figure(value.capital, found), key="worth", alt=f"Capital of acting on {record.key} after costs")
    st.caption(_told(found))


def _told(found: Record) -> str:
    held = "" if found.acted is None else f", {wording.percent(found.acted.held)} of the capital on average"
    return (
        f"{wording.kinds(found.kinds).capitalize()} forecasts, costs of {found.cost_bps:g} basis points of what is "
        f"traded. Position: edge of Bullish minus edge of Bearish{held}; of overlapping forecasts each has its share. "
        "Held by volatility: more when it is low, less when it is high. The chance of true worth is the deflated "
        f"Sharpe ratio (Bailey and López de Prado, 2014) for {found.n_tried} versions tried; others are not counted."
    )
