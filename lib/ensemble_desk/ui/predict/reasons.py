"""Why a version says it: features that speak for and against its label, and features beyond what it learnt from."""

import numpy as np
import pandas as pd
import streamlit as st

from ensemble_desk.ensemble import attribution
from ensemble_desk.ensemble.attribution import Attribution
from ensemble_desk.figures import contributions
from ensemble_desk.figures.contributions import Part
from ensemble_desk.forecasting.explaining import Reasons
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, wording
from ensemble_desk.ui.predict import reads as predict_data
from ensemble_desk.ui.predict.upload import Input
from ensemble_desk.ui.predict.version_forecast import Answer

_MOST_SHOWN = 10


def show(record: VersionRecord, asked: Input, answer: Answer) -> None:
    """Contributions of features to the label's probability, then what lies outside the training range."""
    told = answer.result
    found = predict_data.reasons(record.key, record.version, asked.frame, dict(told["weights_used"]))
    label = CLASSES.index(told["label"])
    if found.explanation.pooled is None:
        components.empty("None of the members that voted can be taken apart into features.")
    else:
        _speaks_for(found, found.explanation.pooled, label)
    for name, reason in found.explanation.unexplained.items():
        weight = wording.percent(told["weights_used"][name])
        st.caption(f":material/help_center: **{name}** (weight {weight}) has no attribution: {wording.plain(reason)}.")
    _outside(found)


def _speaks_for(found: Reasons, pooled: Attribution, label: int) -> None:
    st.markdown(f"**What speaks for {CLASSES[label].capitalize()}**")
    order = attribution.ranked(pooled, label=label, most=_MOST_SHOWN)
    moves = pooled.contributions[:, label]
    parts = [Part(pooled.features[at], f"{pooled.row[at]:.4g}", float(moves[at])) for at in order]
    rest = float(moves.sum() - moves[order].sum())
    if len(order) < int((moves != 0).sum()):
        parts.append(Part("all others", f"{int((moves != 0).sum()) - len(order)} features", rest))
    charts.show(
        caching.figure(contributions.chart, parts),
        key="contributions",
        alt=f"What each feature adds to the probability of {CLASSES[label].capitalize()}",
    )
    names = " and ".join(found.explanation.by_member)
    st.caption(
        f"{names}, {wording.percent(found.explanation.share)} of the weight: on average over what they learnt from "
        f"they say {wording.percent(float(pooled.prior[label]))}, and these features take that to "
        f"{wording.percent(float(pooled.probabilities[label]))}. Exact along their trees and over their ratios; "
        "before calibration. It says what moved the members, not what moves the price."
    )
    with st.expander("Every feature", icon=":material/table:"):
        components.table(_every(pooled), key="contributions_table", alt="Contributions of every feature")


def _every(pooled: Attribution) -> pd.DataFrame:
    points = {
        f"{name.capitalize()} (points)": np.round(100 * pooled.contributions[:, number], 3)
        for number, name in enumerate(CLASSES)
    }
    return pd.DataFrame({"Feature": pooled.features, "Value": pooled.row} | points)


def _outside(found: Reasons) -> None:
    st.markdown("**Outside the training range**")
    if not found.n_ranged:
        st.caption("This version does not tell the ranges it was trained on.")
    elif not found.outside:
        st.caption(f"None: all {found.n_ranged} features lie within what the version has seen.")
    else:
        rows = [(one.feature, one.value, one.low, one.high) for one in found.outside]
        frame = pd.DataFrame(rows, columns=["Feature", "Now", "Lowest learnt", "Highest learnt"])
        components.table(frame, key="outside", alt="Features outside the training range")
        st.caption("Trees cannot tell such values from the nearest they have seen: trust the forecast less.")
