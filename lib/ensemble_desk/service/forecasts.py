"""The API's forecasts: bars or features in, what a version says of the newest row out; nothing is logged."""

from datetime import datetime
from typing import Annotated, Any, Self

import pandas as pd
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ensemble_desk.forecasting import multi_horizon
from ensemble_desk.forecasting.multi_horizon import MultiHorizonForecast
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.serving import ensembles
from ensemble_desk.service import identity
from ensemble_desk.service.reading import key_of, registry_of

MOST_ROWS = 20_000

router = APIRouter(tags=["forecasts"])


class Asked(BaseModel):
    """A question to production, or to any version."""

    model_config = ConfigDict(extra="forbid")

    symbol: Annotated[str, Field(max_length=64)]
    timeframe: Annotated[str, Field(max_length=8)]
    version: Annotated[str | None, Field(max_length=32, description="Production's by default.")] = None
    columns: Annotated[
        list[Annotated[str, Field(max_length=200)]],
        Field(min_length=1, max_length=2_000, description="Their names: times, prices and volume, or features."),
    ]
    rows: Annotated[
        list[list[float | int | str | None]],
        Field(min_length=1, max_length=MOST_ROWS, description="Rows in the order of the columns, oldest first."),
    ]
    time_zone: Annotated[
        str | None, Field(max_length=64, description="Of intraday times that carry none, such as America/New_York.")
    ] = None

    @model_validator(mode="after")
    def _is_a_table(self) -> Self:
        if len(set(self.columns)) != len(self.columns):
            message = "a column occurs more than once"
            raise ValueError(message)
        if any(len(row) != len(self.columns) for row in self.rows):
            message = f"each row needs {len(self.columns)} cells, one for each column"
            raise ValueError(message)
        return self


class Answer(BaseModel):
    """The forecast of the newest row at the trained horizon."""

    symbol: str
    timeframe: str
    version: str
    as_of: datetime | None
    horizon: str
    horizon_bars: int
    basis: str
    label: str
    confidence: float
    agreement: float
    probabilities: dict[str, float]
    component_predictions: dict[str, dict[str, Any]]
    weights_used: dict[str, float]
    abstentions: dict[str, str]
    bands: dict[str, dict[str, float]] = Field(
        description="Expected move and limits it stays between with 50, 80, 95 %, in log returns, by price member."
    )
    usual_rates: dict[str, float] | None = Field(description="How often each class came; null where it is not told.")
    edges: dict[str, float] | None = Field(description="Each probability minus its usual rate.")
    lean: str | None = Field(description="The class with the largest edge.")


@router.post("/forecast", summary="Forecast the newest row at the trained horizon")
def forecast(request: Request, asked: Asked) -> Answer:
    identity.of(request).require(identity.TO_ASK, "forecast")
    registry, key = registry_of(request), key_of(asked.symbol, asked.timeframe)
    version = asked.version or production.read(registry, key).version or ""
    ensemble = ensembles.ensemble_of(registry, key, version)
    return Answer(**ensemble.predict(_frame(asked), time_zone=asked.time_zone))


@router.post("/forecast/horizons", summary="Forecast the newest row at every horizon of the timeframe")
def horizons(request: Request, asked: Asked) -> MultiHorizonForecast:
    identity.of(request).require(identity.TO_ASK, "forecast")
    registry, key = registry_of(request), key_of(asked.symbol, asked.timeframe)
    version = asked.version or production.read(registry, key).version or ""
    ensemble = ensembles.ensemble_of(registry, key, version)
    return multi_horizon.forecast(ensemble, key, _frame(asked), time_zone=asked.time_zone)


def _frame(asked: Asked) -> pd.DataFrame:
    return pd.DataFrame(asked.rows, columns=asked.columns)
