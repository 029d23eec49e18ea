"""One row per key of the fleet, ranked by evidence of a fall."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, components, data, monitoring_data, wording
from ensemble_desk.ui.frame.keys import wording as drift_wording


@caching.remembered(max_entries=1, also=monitoring_data.mark_of_standing, shared=True)
def ranking() -> tuple[tuple[str, ...], Any]:
    """Keys by evidence, and the table that tells of them; shared by all sessions."""
    states = monitoring_data.standing().states
    return tuple(str(one.key) for one in states), components.ready(frame(states, data.in_production()))


def frame(states: Sequence[DriftState], records: Mapping[Key, VersionRecord]) -> pd.DataFrame:
    return pd.DataFrame([_cells(rank, one, records.get(one.key)) for rank, one in enumerate(states, start=1)])


def _cells(rank: int, one: DriftState, record: VersionRecord | None) -> dict[str, object]:
    majority = record.baseline_accuracy if record is not None and record.version == one.version else None
    return {
        "#": rank,
        "Key": str(one.key),
        "E-value": drift_wording.e_value(one.e_value),
        "Band": [drift_wording.chip(one)],
        "Accuracy since training": drift_wording.forecasts(one),
        "Against validated": None if one.margin is None else 100 * one.margin,
        "Recommendation": drift_wording.recommendation(one),
        "Trend": drift_wording.trend(one),
        "Stands in the fleet": one.stands,
        "Outcomes missing": one.more_outcomes,
        "Validated accuracy": wording.estimate(one.baseline, majority=majority),
        "Version": one.version,
    }
