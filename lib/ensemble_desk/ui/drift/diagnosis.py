"""Features of the newest bars against what the version learnt from: a hint where to look, never an alarm."""

import pandas as pd
import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.diagnosis import NOT_AN_ALARM, Diagnosis, FeatureDrift
from ensemble_desk.ui.frame import actions, caching, components, monitoring_data, wording


def features(key: Key, version: str) -> None:
    """Features of the newest bars against the reference, most unusual first."""
    st.markdown(f":gray-badge[:material/notifications_off: Not an alarm] {NOT_AN_ALARM}")
    actions.guard(_features)(key, version)


def _features(key: Key, version: str) -> None:
    found = monitoring_data.features_of(key, version)
    if not found.features:
        components.empty("There is no diagnosis.", f"{found.problem[:1].upper()}{found.problem[1:]}.")
        return
    caching.show_once(("features", caching.Same(found)), lambda: _table(found))
    st.caption(
        f"The newest {found.n_bars} bars, to {wording.day(found.until)}, against {found.n_shifts} earlier windows of "
        "the same length."
    )


def _table(found: Diagnosis) -> None:
    components.table(
        pd.DataFrame([_cells(one) for one in found.features]),
        key="features",
        alt="Features against what the version learnt from, most unusual first; no alarm",
        columns={
            "Unusual": st.column_config.CheckboxColumn(
                help="Stands out after Benjamini–Hochberg over all features (false discovery rate 5 %)."
            ),
            "p": st.column_config.NumberColumn(
                format="%.2f", help=f"Share of earlier windows at least as far away; {found.least_p:.2f} is the least."
            ),
            "Distance (σ)": st.column_config.NumberColumn(
                format="%.2f", help="Wasserstein distance in standard deviations of the reference."
            ),
            "KS": st.column_config.NumberColumn(format="%.2f", help="Kolmogorov–Smirnov distance, 0 to 1."),
            "Outside": components.percent_column(help="Share of the newest bars outside the range of the reference."),
            "Importance": components.percent_column(help="How much the members rely on it; empty when unknown."),
            "PSI": st.column_config.NumberColumn(format="%.2f", help="Population stability index."),
            "PSI, nothing changed": st.column_config.NumberColumn(
                format="%.2f", help="What it is on average when nothing has changed."
            ),
        },
    )


def _cells(one: FeatureDrift) -> dict[str, object]:
    return {
        "Feature": one.name,
        "Unusual": one.unusual,
        "p": one.p,
        "Distance (σ)": one.distance,
        "KS": one.ks,
        "Outside": 100 * one.outside,
        "Importance": None if one.importance is None else 100 * one.importance,
        "PSI": one.psi,
        "PSI, nothing changed": one.psi_null,
    }
