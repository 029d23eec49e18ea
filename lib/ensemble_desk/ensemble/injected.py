"""What a forecaster was given to serve: models, weights and what is known of them."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ensemble_desk.ensemble import inputs
from ensemble_desk.ensemble.inputs import Needs
from ensemble_desk.ensemble.members import catalogue as members
from ensemble_desk.ensemble.members import classes
from ensemble_desk.ensemble.votes import Member
from ensemble_desk.errors import (
    IncompatibleArtifactError,
    InvalidHorizonError,
    InvalidSymbolError,
    InvalidTimeframeError,
)
from ensemble_desk.market import aims, timeframes, usual_rates
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.market.usual_rates import Rates

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Traits:
    """What forecasts are stamped with and computed by, beside models and weights.

    Attributes
    ----------
    horizon, label : None where neither the version nor a person has told them.
    numbered : whether integer classes of the estimators are known to be class numbers (our own versions, and forms
        beside an artifact).
    meaning : what a person told of the estimators' classes, by their spelling; None where nobody has.
    feature_set : the team's own features that it was trained on; empty: ours, or those of a ready frame.
    symbol : whose forecasts they are; empty when nobody says.
    usual : how often each class came among the rows it learnt from, over the trained horizon; None: it is not told.
    columns : what estimators without names of their own read, in order, as their file tells; None where it does not.
    zone : by whose clocks our features of intraday bars were computed; UTC where the version does not tell.
    """

    timeframe: str
    horizon: str | None
    label: LabelSpec | None
    temperature: float = 1.0
    version: str = ""
    numbered: bool = False
    meaning: Mapping[str, str] | None = None
    feature_set: str = ""
    usual: Rates | None = None
    zone: str = "UTC"
    symbol: str = ""
    columns: tuple[str, ...] | None = None

    @property
    def key(self) -> Key | None:
        """Whose features those of a set are."""
        try:
            return Key(self.symbol, self.timeframe) if self.feature_set else None
        except (InvalidSymbolError, InvalidTimeframeError):
            return None

    @classmethod
    def of_horizon(cls, horizon: str) -> "Traits":
        """Give the traits of plain models of a horizon such as ``1D``; raises InvalidHorizonError."""
        timeframe = _timeframe_of(horizon)
        return cls(timeframe, horizon, LabelSpec(timeframes.horizon_bars(timeframe, horizon)))

    @classmethod
    def of_artifact(cls, artifact: Mapping[str, Any], *, horizon: str, version: str | None) -> "Traits":
        """Read the traits of a version; the horizon and label that it does not tell stay unknown."""
        timeframe = str(artifact.get("timeframe") or _timeframe_of(horizon))
        version = str(artifact.get("timestamp") or "") if version is None else version
        aim = aims.of_content(artifact, timeframe=timeframe)
        if artifact.get("label") and aim.label is None:
            raise IncompatibleArtifactError(version, "its label definition cannot be read")
        return cls(
            timeframe,
            aim.horizon,
            aim.label,
            _temperature(artifact.get("temperature"), version),
            version,
            numbered="schema_version" in artifact or artifact.get(classes.NUMBERED) is True,
            meaning=classes.meaning_of(artifact),
            columns=_columns(artifact),
            feature_set=_feature_set(artifact),
            usual=usual_rates.of_content(artifact),
            zone=_zone(artifact, version),
        )


class InjectedEnsemble:
    """Models and weights by member name; both may be replaced from outside, as the guide's loader does.

    Members are rebuilt when a model is another object than the last time.
    """

    def __init__(self, models: dict[str, Any], weights: dict[str, float], traits: Traits) -> None:
        self.models, self.weights, self.traits = models, weights, traits
        self._rebuilt: tuple[dict[str, Any], dict[str, Member]] = ({}, {})
        self._needs: dict[tuple[str, ...], Needs] = {}

    def members(self) -> dict[str, Member]:
        """Give the members of all models; raises IncompatibleArtifactError for a model that none can serve."""
        models, (built_from, built) = dict(self.models), self._rebuilt
        if models.keys() == built_from.keys() and all(models[name] is built_from[name] for name in models):
            return built
        traits = self.traits
        told: dict[str, Any] = {"label": traits.label, "timeframe": traits.timeframe}
        told |= {"numbered": traits.numbered, "meaning": traits.meaning, "columns": traits.columns}
        built = {name: members.rebuild(name, model, **told) for name, model in models.items()}
        self._rebuilt, self._needs = (models, built), {}
        return built

    def needs(self, asked: Mapping[str, Member]) -> Needs:
        """Give what a frame must hold for some of the members, as :meth:`members` gave them."""
        names = tuple(asked)
        if names not in self._needs:
            traits = self.traits
            self._needs[names] = inputs.needs(
                asked.values(), feature_set=traits.feature_set, key=traits.key, zone=traits.zone
            )
        return self._needs[names]

    def shares(self, names: list[str]) -> dict[str, float]:
        """Give the weights of these members, scaled to sum to 1; equal ones when the artifact has none at all."""
        if not self.weights:
            return dict.fromkeys(names, 1 / len(names))
        return normalised(self.weights, names, version=self.traits.version)


@dataclass(slots=True)
class EnsembleManager:
    """Holds the ensemble under the name that the guide's loader reaches for."""

    ensemble: InjectedEnsemble


def normalised(
    weights: Mapping[str, Any], names: list[str], *, version: str, otherwise_equal: bool = False
) -> dict[str, float]:
    """Scale the weights of these members to sum to 1; a member without one gets 0.

    With ``otherwise_equal`` members that have no weight at all get equal ones.

    Raises
    ------
    IncompatibleArtifactError
        When a weight is no number, negative or not finite, or when they sum to 0.
    """
    for name, weight in weights.items():
        if not isinstance(weight, Real) or not math.isfinite(weight) or weight < 0:
            raise IncompatibleArtifactError(version or "The ensemble", f"the weight of {name} is {weight!r}")
    chosen = {name: float(weights.get(name, 0.0)) for name in names}
    total = sum(chosen.values())
    if total <= 0 and otherwise_equal:
        return dict.fromkeys(names, 1 / len(names))
    if total <= 0:
        raise IncompatibleArtifactError(version or "The ensemble", f"the weights of {', '.join(names)} sum to 0")
    return {name: weight / total for name, weight in chosen.items()}


def tell_mismatch(models: Mapping[str, Any], weights: Mapping[str, Any], *, version: str) -> None:
    """Log weights without a model (ignored) and models without a weight (they count 0)."""
    idle, weightless = sorted(weights.keys() - models.keys()), sorted(models.keys() - weights.keys())
    if idle:
        _log.warning("%s: weights of %s are ignored, there are no such models", version, ", ".join(idle))
    if weights and weightless:
        _log.warning("%s: %s have no weight and do not count", version, ", ".join(weightless))


def _timeframe_of(horizon: str) -> str:
    known = timeframes.TIMEFRAME_HORIZONS
    based = [name for name in known if timeframes.base_horizon(name) == horizon]
    found = based or [name for name in known if horizon in timeframes.horizons(name)]
    spelt = timeframes.of_horizon(horizon)
    if not found and spelt is not None:
        return spelt
    if not found:
        every = dict.fromkeys(name for frame in known for name in timeframes.horizons(frame))
        raise InvalidHorizonError(horizon, timeframe="any timeframe", known=tuple(every))
    return found[-1]


def _feature_set(artifact: Mapping[str, Any]) -> str:
    told = artifact.get("feature_set")
    return str(told.get("name") or "") if isinstance(told, Mapping) else ""


def _columns(artifact: Mapping[str, Any]) -> tuple[str, ...] | None:
    told = artifact.get("feature_names")
    return tuple(map(str, told)) if isinstance(told, list | tuple) and told else None


def _zone(artifact: Mapping[str, Any], version: str) -> str:
    """Read the zone whose clocks the features were computed by; versions that tell none took UTC."""
    told = artifact.get("feature_zone") or "UTC"
    try:
        return ZoneInfo(str(told)).key
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise IncompatibleArtifactError(version, f"there is no time zone {told!r}, which its features take") from error


def _temperature(stored: Any, version: str) -> float:
    if stored is None:
        return 1.0
    if not isinstance(stored, Real) or not math.isfinite(stored) or stored <= 0:
        raise IncompatibleArtifactError(version, f"its temperature is {stored!r}")
    return float(stored)
