"""A second version asked about the same bars: what it says, and where the two differ."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import actions, components, wording
from ensemble_desk.ui.predict import forecast as forecast_view
from ensemble_desk.ui.predict import reads as predict_data
from ensemble_desk.ui.predict.upload import Input
from ensemble_desk.ui.predict.version_forecast import Answer


def ask(record: VersionRecord, asked: Input) -> Answer | None:
    """Ask the second version; when it cannot answer it says why, and the first one's answer stands."""
    answers: list[Answer] = []
    actions.guard(
        lambda: answers.append(predict_data.ask(record.key, record.version, asked.frame, every_horizon=asked.has_bars))
    )()
    return next(iter(answers), None)


def result(record: VersionRecord, answer: Answer, *, first: Answer) -> None:
    """What the second version says, with its distance from the first."""
    told, other = answer.result, first.result
    same = told["label"] == other["label"]
    with st.grid(4, min_column_width=150):
        _metric("Label beside", forecast_view.WORDS[told["label"]], "the same" if same else "another label")
        for name in ("confidence", "agreement"):
            _metric(
                f"{name.capitalize()} beside", wording.percent(told[name]), wording.points(told[name] - other[name])
            )
        _metric("Version beside", record.version, str(record.state))
    st.caption(f"Version {record.version} on the same bars. Validated: {wording.accuracy_of(record)}")


def _metric(label: str, value: str, note: str) -> None:
    st.metric(label, value, note, delta_color="off", delta_arrow="off", border=True, height="stretch")


def votes(first: VersionRecord, answer: Answer, second: VersionRecord, beside: Answer) -> None:
    """Both ballots next to each other, then who says something else."""
    for place, record, told in zip(st.columns(2), (first, second), (answer, beside), strict=True):
        with place:
            st.markdown(f"**{record.version}** {forecast_view.WORDS[told.result['label']]}")
            forecast_view.who_voted(record, told)
    components.table(
        differences(answer.result, beside.result, names=(first.version, second.version)),
        key="differences",
        alt=f"Where {first.version} and {second.version} differ",
        columns=dict.fromkeys([name.capitalize() for name in CLASSES], _points_column()),
    )
    st.caption(
        "Differences of probability in points, second minus first. On one bar the two may differ by chance: "
        "the rollback page replays both on the same 250 bars."
    )


def differences(first: Mapping[str, Any], second: Mapping[str, Any], *, names: tuple[str, str]) -> pd.DataFrame:
    """One row for the pool and for each member that either version asked."""
    rows = []
    asked = {**first["component_predictions"], **second["component_predictions"]}
    for who in ("ensemble", *asked):
        one, other = _vote(first, who), _vote(second, who)
        row: dict[str, Any] = {"Who": who, names[0]: _said(one), names[1]: _said(other)}
        for name in CLASSES:
            both = one is not None and other is not None
            row[name.capitalize()] = (
                100 * (other["probabilities"][name] - one["probabilities"][name]) if both and one and other else None
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _vote(told: Mapping[str, Any], who: str) -> Mapping[str, Any] | None:
    if who == "ensemble":
        return told
    vote: Mapping[str, Any] | None = told["component_predictions"].get(who)
    return vote


def _said(vote: Mapping[str, Any] | None) -> str:
    if vote is None:
        return "no vote"
    weight = f", weight {wording.percent(vote['weight'])}" if "weight" in vote else ""
    return f"{str(vote['label']).capitalize()}{weight}"


def _points_column() -> Any:
    return st.column_config.NumberColumn(format="%+.1f", help="Points of probability, second minus first")
