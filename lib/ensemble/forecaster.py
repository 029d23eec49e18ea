"""The ensemble that forecasts: the members of one version, their weights, and three ways to ask them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from lib.ensemble import ballot, inputs
from lib.ensemble.ballot import Ballot
from lib.ensemble.injected import EnsembleManager, InjectedEnsemble, Traits, normalised, tell_mismatch
from lib.ensemble.members import PRICE_MEMBERS
from lib.ensemble.votes import Member, Rows
from lib.errors import AllMembersAbstainedError, IncompatibleArtifactError, NotTrainedError
from lib.market.labels import LabelSpec


class EnhancedEnsembleForecaster:
    """Forecasts of one symbol; the names are those that forecast jobs already use.

    Attributes
    ----------
    horizon, symbol_id : what is forecast, for example ``1D`` of ``AAPL``.
    is_trained : whether there are models to ask.
    training_stats : ensemble_accuracy (None when unknown), weights, loaded_from, model_performances.
    ensemble_manager : ``.ensemble.models`` and ``.ensemble.weights`` may be replaced from outside.
    """

    def __init__(
        self,
        horizon: str,
        symbol_id: str,
        enable_arima_garch: bool = True,  # noqa: FBT001, FBT002 - the guide's signature
        enable_prophet: bool = True,  # noqa: FBT001, FBT002 - the guide's signature
        enable_lstm: bool = False,  # noqa: FBT001, FBT002 - the guide's signature
    ) -> None:
        self.horizon, self.symbol_id = horizon, symbol_id
        self.is_trained = False
        self.training_stats: dict[str, Any] = {}
        enabled = {"arima_garch": enable_arima_garch, "prophet": enable_prophet, "lstm": enable_lstm}
        self._left_out = frozenset(name for name, wanted in enabled.items() if not wanted)
        self.ensemble_manager = EnsembleManager(InjectedEnsemble({}, {}, Traits.of_horizon(horizon)))

    @property
    def models(self) -> dict[str, Any]:
        """Models by member name; the same dict as ``ensemble_manager.ensemble.models``."""
        return self.ensemble_manager.ensemble.models

    @models.setter
    def models(self, models: dict[str, Any]) -> None:
        self.ensemble_manager.ensemble.models = models

    @property
    def version(self) -> str:
        return self.ensemble_manager.ensemble.traits.version

    def inject(self, artifact: Mapping[str, Any], *, version: str | None = None) -> None:
        """Take over models, weights and everything else of an artifact, ours or one with the guide's keys only.

        Raises
        ------
        IncompatibleArtifactError
            When there is nothing in it to serve; the ensemble then stays as it was.
        """
        traits = Traits.of_artifact(artifact, horizon=self.horizon, version=version)
        models, weights = artifact.get("models"), artifact.get("weights") or {}
        if not isinstance(models, Mapping) or not models or not isinstance(weights, Mapping):
            raise IncompatibleArtifactError(traits.version, "it needs models and weights by member name")
        ensemble = InjectedEnsemble(dict(models), dict(weights), traits)
        ensemble.shares(list(ensemble.members()))
        tell_mismatch(models, weights, version=traits.version)
        # one assignment switches everything a forecast reads, so that no thread sees half of a version
        self.ensemble_manager = EnsembleManager(ensemble)
        self.horizon, self.is_trained = traits.horizon, True
        symbol = artifact.get("symbol") or self.symbol_id
        self.training_stats = {
            "ensemble_accuracy": artifact.get("ensemble_accuracy"),
            "weights": dict(weights),
            "loaded_from": f"{symbol}_{traits.timeframe}_{traits.version}",
            "model_performances": artifact.get("performances") or {},
        }

    def prepare(self) -> None:
        """Make sure that there is a version to ask; called before every forecast, a subclass may change it first.

        Raises
        ------
        NotTrainedError
        """
        if not self.is_trained or not self.models:
            key = f"{self.symbol_id}/{self.ensemble_manager.ensemble.traits.timeframe}"
            raise NotTrainedError(key)

    def predict(self, df: pd.DataFrame) -> dict[str, Any]:
        """Forecast the newest row of bars or ready features at the trained horizon.

        Returns
        -------
        label, confidence, agreement, probabilities, component_predictions, weights_used, abstentions, as_of, horizon,
        horizon_bars, symbol, timeframe, version, basis.

        Raises
        ------
        NotTrainedError, AllMembersAbstainedError
        MissingFeaturesError, InvalidFeaturesError, InvalidBarsError, TooFewBarsError, IncompatibleArtifactError
            As :func:`lib.ensemble.inputs.read`.
        """
        ensemble, members = self._ready()
        return self._newest(ensemble, members, df)

    def predict_batch(self, df: pd.DataFrame) -> pd.DataFrame:
        """Forecast every row at once: BEARISH, NEUTRAL, BULLISH, label, confidence, agreement.

        Rows on which every member abstains are NaN, their label None. Raises what :meth:`predict` raises, but for
        AllMembersAbstainedError.
        """
        ensemble, members = self._ready()
        rows = inputs.read(df, members.values(), version=_named(ensemble))
        return _vote(ensemble, members, rows).table()

    def predict_horizon(self, df: pd.DataFrame, *, horizon: str, horizon_bars: int) -> dict[str, Any]:
        """Forecast the newest row at any horizon, as :meth:`predict`.

        At another than the trained horizon only members that read prices vote, uncalibrated, and ``basis`` is
        ``derived`` instead of ``trained``.
        """
        ensemble, members = self._ready()
        traits = ensemble.traits
        if horizon_bars == traits.label.horizon_bars:
            return self._newest(ensemble, members, df) | {"horizon": horizon}
        votable = {name: member for name, member in members.items() if name in PRICE_MEMBERS}
        others = {name: f"it is trained for {traits.horizon} only" for name in members if name not in votable}
        if not votable:
            raise AllMembersAbstainedError(others)
        derived = replace(traits, horizon=horizon, temperature=1.0, label=_at_horizon(traits.label, horizon_bars))
        rows = inputs.last(inputs.read_prices(df))
        shares = normalised(ensemble.shares(list(members)), list(votable), version=traits.version)
        votes = ballot.collect(votable, shares, rows, label=derived.label, temperature=1.0)
        result = self._result(votes, derived, basis="derived")
        return result | {"abstentions": result["abstentions"] | others}

    def _ready(self) -> tuple[InjectedEnsemble, dict[str, Member]]:
        self.prepare()
        ensemble = self.ensemble_manager.ensemble
        members = {name: member for name, member in ensemble.members().items() if name not in self._left_out}
        if not members:
            raise AllMembersAbstainedError(dict.fromkeys(ensemble.models, "it is left out"))
        return ensemble, members

    def _newest(self, ensemble: InjectedEnsemble, members: dict[str, Member], df: pd.DataFrame) -> dict[str, Any]:
        rows = inputs.last(inputs.read(df, members.values(), version=_named(ensemble)))
        return self._result(_vote(ensemble, members, rows), ensemble.traits, basis="trained")

    def _result(self, votes: Ballot, traits: Traits, *, basis: str) -> dict[str, Any]:
        return votes.last() | {
            "horizon": traits.horizon,
            "horizon_bars": traits.label.horizon_bars,
            "symbol": self.symbol_id,
            "timeframe": traits.timeframe,
            "version": traits.version,
            "basis": basis,
        }


def _vote(ensemble: InjectedEnsemble, members: dict[str, Member], rows: Rows) -> Ballot:
    traits = ensemble.traits
    shares = ensemble.shares(list(members))
    return ballot.collect(members, shares, rows, label=traits.label, temperature=traits.temperature)


def _named(ensemble: InjectedEnsemble) -> str:
    return f"version {ensemble.traits.version}" if ensemble.traits.version else "the version"


def _at_horizon(label: LabelSpec, horizon_bars: int) -> LabelSpec:
    """Carry a label over to another horizon; a fixed threshold grows with the square root of time, as moves do."""
    widened = label.fixed_threshold * (horizon_bars / label.horizon_bars) ** 0.5
    return replace(label, horizon_bars=horizon_bars, fixed_threshold=widened)
