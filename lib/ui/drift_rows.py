"""One row per key of the fleet, ranked by evidence of a fall."""

from collections.abc import Sequence

import pandas as pd

from lib.monitoring.drift import DriftState
from lib.ui import drift_wording, wording


def frame(states: Sequence[DriftState]) -> pd.DataFrame:
    return pd.DataFrame([_cells(rank, one) for rank, one in enumerate(states, start=1)])


def _cells(rank: int, one: DriftState) -> dict[str, object]:
    return {
        "#": rank,
        "Key": str(one.key),
        "E-value": drift_wording.e_value(one.e_value),
        "Band": [drift_wording.chip(one)],
        "Accuracy since": drift_wording.forecasts(one),
        "Against validated": None if one.margin is None else 100 * one.margin,
        "Recommendation": drift_wording.recommendation(one),
        "Show": "Show",
        "Trend": drift_wording.trend(one),
        "Stands in the fleet": one.stands,
        "Outcomes missing": one.more_outcomes,
        "Validated accuracy": wording.estimate(one.baseline),
        "Version": one.version,
    }
