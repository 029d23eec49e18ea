"""One forecast for every horizon of a timeframe, from the same bars and the same version."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import AllMembersAbstainedError
from ensemble_desk.market import aims
from ensemble_desk.market.aims import Aim
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES

MIXED = "MIXED"
UNKNOWN_HORIZON = "unknown"


@dataclass(frozen=True, slots=True)
class HorizonForecast:
    """What is expected over one horizon.

    Attributes
    ----------
    horizon, horizon_bars : None for a version of which nobody has told them; it then speaks about that horizon only.
    probabilities : by class, summing to 1.
    basis : ``trained`` for the horizon that the version was trained for; ``derived`` when only its price members,
        which describe paths, were asked.
    abstentions : reason by member that did not vote.
    members : probabilities in order of the classes, by member that voted.
    weights_used : weight of each of these, after those of the others were shared out.
    usual_rates, edges : how often each class came among the rows the version learnt from, and how far its probability
        is above that; None at another horizon than the trained one, and where the version does not tell.
    lean : the class with the largest edge.
    bands : expected move and the limits it stays between with 50, 80 and 95 %, in log returns, by price member.
    """

    horizon: str | None
    horizon_bars: int | None
    label: str
    confidence: float
    agreement: float
    probabilities: Mapping[str, float]
    basis: str
    abstentions: Mapping[str, str]
    members: Mapping[str, Sequence[float]] = field(default_factory=dict)
    weights_used: Mapping[str, float] = field(default_factory=dict)
    usual_rates: Mapping[str, float] | None = None
    edges: Mapping[str, float] | None = None
    lean: str | None = None
    bands: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MultiHorizonForecast:
    """Every horizon of a timeframe, shortest first.

    Attributes
    ----------
    version : the version that forecast, None when the ensemble was filled by hand.
    as_of : time of the last bar used; None for a frame of features without times.
    forecasts : by name of the horizon; ``unknown`` is one that nobody has told.
    unavailable : horizons no member could speak about, with the reason.
    """

    key: Key
    version: str | None
    as_of: datetime | None
    forecasts: Mapping[str, HorizonForecast]
    unavailable: Mapping[str, str]

    @property
    def symbol(self) -> str:
        return self.key.symbol

    @property
    def timeframe(self) -> str:
        return self.key.timeframe

    @property
    def consensus(self) -> str:
        """The class that more than half of the horizons expect, else MIXED; never NEUTRAL for want of agreement."""
        labels = Counter(forecast.label for forecast in self.forecasts.values())
        label, count = labels.most_common(1)[0]
        return label if 2 * count > len(self.forecasts) else MIXED


def forecast(
    ensemble: EnhancedEnsembleForecaster, key: Key, df: pd.DataFrame, *, time_zone: str | None = None
) -> MultiHorizonForecast:
    """Forecast every horizon of the key's timeframe, and the trained one, from the last row of bars or ready features.

    Raises
    ------
    NotTrainedError
        When the ensemble holds no version.
    AllMembersAbstainedError
        When not one horizon could be forecast.
    """
    ensemble.prepare()
    traits = ensemble.ensemble_manager.ensemble.traits
    aim = Aim(traits.horizon, traits.label.horizon_bars, traits.label) if traits.label else Aim()
    if aim.label is None:
        return _of_one(key, ensemble.predict(df, time_zone=time_zone))
    results: dict[str, dict[str, Any]] = {}
    unavailable: dict[str, str] = {}
    horizons = aims.horizons_beside(aim, timeframe=key.timeframe)
    for horizon, said in ensemble.predict_horizons(df, horizons, time_zone=time_zone).items():
        if isinstance(said, AllMembersAbstainedError):
            unavailable[horizon] = "; ".join(f"{name}: {reason}" for name, reason in said.reasons.items())
        else:
            results[horizon] = said
    if not results:
        raise AllMembersAbstainedError(unavailable)
    first = next(iter(results.values()))
    return MultiHorizonForecast(
        key=key,
        version=first["version"],
        as_of=first["as_of"],
        forecasts={horizon: _told(horizon, result) for horizon, result in results.items()},
        unavailable=unavailable,
    )


def _of_one(key: Key, result: Mapping[str, Any]) -> MultiHorizonForecast:
    """Tell what a version says over a horizon that nobody has told, and nothing about any other."""
    only = {UNKNOWN_HORIZON: _told(result["horizon"], result)}
    return MultiHorizonForecast(key, result["version"], result["as_of"], only, unavailable={})


def _told(horizon: str | None, result: Mapping[str, Any]) -> HorizonForecast:
    return HorizonForecast(
        horizon=horizon,
        horizon_bars=result["horizon_bars"],
        label=result["label"],
        confidence=result["confidence"],
        agreement=result["agreement"],
        probabilities=result["probabilities"],
        basis=result["basis"],
        abstentions=result["abstentions"],
        members={
            name: [vote["probabilities"][label] for label in CLASSES]
            for name, vote in result["component_predictions"].items()
        },
        weights_used=result["weights_used"],
        usual_rates=result["usual_rates"],
        edges=result["edges"],
        lean=result["lean"],
        bands=result["bands"],
    )
