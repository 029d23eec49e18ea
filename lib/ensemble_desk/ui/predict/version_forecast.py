"""What a version says about the last row it was given: at its trained horizon, and at every other one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from ensemble_desk.forecasting import multi_horizon
from ensemble_desk.forecasting.multi_horizon import MultiHorizonForecast
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The forecast at the trained horizon, and every horizon when the version was given bars."""

    result: Mapping[str, Any]
    horizons: MultiHorizonForecast | None

    @property
    def as_of(self) -> datetime | None:
        at = self.result["as_of"]
        return None if at is None else pd.Timestamp(at).to_pydatetime()


def ask(registry: Registry, key: Key, version: str, frame: pd.DataFrame, *, every_horizon: bool) -> Answer:
    """Ask one version about the last row of bars or ready features."""
    ensemble = serving.ensemble_of(registry, key, version)
    given = multi_horizon.forecast(ensemble, key, frame) if every_horizon else None
    return Answer(ensemble.predict(frame), given)
