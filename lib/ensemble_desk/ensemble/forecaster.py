"""The ensemble that forecasts: the members of one version, their weights, and three ways to ask them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from ensemble_desk.ensemble import inputs
from ensemble_desk.ensemble.asking import Asked
from ensemble_desk.ensemble.ballot import Ballot, Progress
from ensemble_desk.ensemble.injected import EnsembleManager, InjectedEnsemble, Traits, normalised, tell_mismatch
from ensemble_desk.ensemble.members.catalogue import PRICE_MEMBERS
from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.errors import AllMembersAbstainedError, IncompatibleArtifactError, NotTrainedError
from ensemble_desk.market import aims, usual_rates
from ensemble_desk.market.usual_rates import Rates


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Votes on many rows at one horizon; ``silent`` maps members that were not asked to the reason.

    ``usual`` tells how often each class came; None at another horizon than the trained one.
    """

    ballot: Ballot
    horizon: str
    horizon_bars: int
    basis: str
    silent: Mapping[str, str]
    usual: Rates | None


class EnhancedEnsembleForecaster:
    """Forecasts of one symbol; the names are those that forecast jobs already use.

    Attributes
    ----------
    horizon, symbol_id : what is forecast, for example ``1D`` of ``AAPL``; the horizon is None while it serves a version
        of which nobody has told it.
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
        self.horizon: str | None = horizon
        self._first_horizon = horizon
        self.symbol_id = symbol_id
        self.is_trained = False
        self.training_stats: dict[str, Any] = {}
        enabled = {"arima_garch": enable_arima_garch, "prophet": enable_prophet, "lstm": enable_lstm}
        self._left_out = frozenset(name for name, wanted in enabled.items() if not wanted)
        self.ensemble_manager = EnsembleManager(InjectedEnsemble({}, {}, Traits.of_horizon(horizon)))
        self._kept: tuple[Mapping[str, Member], Mapping[str, float], Asked] | None = None

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
        symbol = str(artifact.get("symbol") or self.symbol_id)
        traits = replace(Traits.of_artifact(artifact, horizon=self._first_horizon, version=version), symbol=symbol)
        models, weights = artifact.get("models"), artifact.get("weights") or {}
        if not isinstance(models, Mapping) or not models or not isinstance(weights, Mapping):
            raise IncompatibleArtifactError(traits.version, "it needs models and weights by member name")
        ensemble = InjectedEnsemble(dict(models), dict(weights), traits)
        ensemble.shares(list(ensemble.members()))
        tell_mismatch(models, weights, version=traits.version)
        # one assignment switches everything a forecast reads, so that no thread sees half of a version
        self.ensemble_manager = EnsembleManager(ensemble)
        self.horizon, self.is_trained = traits.horizon, True
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

    def lookback_bars(self) -> int | None:
        """How many of the newest bars a forecast of the newest one needs; None: all, for a team's own features.

        Raises
        ------
        NotTrainedError, IncompatibleArtifactError
        """
        self.prepare()
        ensemble = self.ensemble_manager.ensemble
        if ensemble.traits.feature_set:
            return None
        label = ensemble.traits.label
        return max(
            1 if label is None else label.sigma_window + 1,
            *(member.lookback_bars for name, member in ensemble.members().items() if name not in self._left_out),
        )

    def predict(self, df: pd.DataFrame, *, time_zone: str | None = None) -> dict[str, Any]:
        """Forecast the newest row of bars or ready features at the trained horizon.

        Times are the index of the frame, or its ``ts``, ``date`` or ``time`` column; other columns are left alone.
        Dates of daily and weekly bars without a zone are those of sessions; intraday times without one are of
        ``time_zone``, and refused when it is not given. See :func:`ensemble_desk.market.frames.read`.

        Returns
        -------
        label, confidence, agreement, probabilities, component_predictions, weights_used, abstentions, as_of, horizon,
        horizon_bars, symbol, timeframe, version, basis. The horizon is None where nobody has told it.
        bands: by price member that voted its expected move and the limits that the move stays between with 50, 80 and
        95 %, in log returns over the horizon, by the names of MOVES.
        usual_rates, edges (probability minus usual rate) and lean (the class with the largest edge): over the trained
        horizon, None where the version does not tell how often each class came.

        Raises
        ------
        NotTrainedError, AllMembersAbstainedError
        MissingFeaturesError, InvalidFeaturesError, InvalidBarsError, TooFewBarsError, IncompatibleArtifactError
            As :func:`ensemble_desk.ensemble.inputs.read`.
        """
        return self._newest(self._asked(None, None), df, time_zone)

    def predict_batch(
        self,
        df: pd.DataFrame,
        *,
        last: int | None = None,
        progress: Progress | None = None,
        time_zone: str | None = None,
    ) -> pd.DataFrame:
        """Forecast every row at once, or the ``last`` ones: one line each, as :meth:`Ballot.table` gives it.

        Rows on which every member abstains are NaN, their label and lean None. Raises what :meth:`predict` raises, but
        for AllMembersAbstainedError.
        """
        asked = self._asked(None, None)
        rows = asked.read(df, time_zone)
        voted = asked.vote(rows if last is None else inputs.last(rows, last), progress=progress)
        return voted.table(asked.traits.usual)

    def predict_horizon(
        self, df: pd.DataFrame, *, horizon: str, horizon_bars: int, time_zone: str | None = None
    ) -> dict[str, Any]:
        """Forecast the newest row at any horizon, as :meth:`predict`.

        At another than the trained horizon only members that read prices vote, uncalibrated, and ``basis`` is
        ``derived`` instead of ``trained``; also those that have no weight at the trained one.
        """
        return self._newest(self._asked(horizon, horizon_bars), df, time_zone)

    def predict_horizons(
        self, df: pd.DataFrame, horizons: Mapping[str, int], *, time_zone: str | None = None
    ) -> dict[str, dict[str, Any] | AllMembersAbstainedError]:
        """Forecast the newest row at many horizons, bars by name, as :meth:`predict_horizon`; it is read once.

        A horizon about which no member speaks has the error that says why. Raises what else that one raises.
        """
        told: dict[str, dict[str, Any] | AllMembersAbstainedError] = {}
        prices: Rows | None = None
        for horizon, n_bars in sorted(horizons.items(), key=lambda one: not self._is_own(one[1])):
            try:
                asked = self._asked(horizon, n_bars)
                rows = asked.read(df, time_zone, newest=True) if prices is None else prices
                told[horizon] = self._of_rows(asked, inputs.last(rows))
            except AllMembersAbstainedError as error:
                told[horizon] = error
            else:
                prices = rows.without_features() if rows.bars is not None else None
        return {horizon: told[horizon] for horizon in horizons}

    def _is_own(self, horizon_bars: int) -> bool:
        label = self.ensemble_manager.ensemble.traits.label
        return label is not None and label.horizon_bars == horizon_bars

    def vote(self, df: pd.DataFrame, *, horizon: str, horizon_bars: int, after: datetime | None = None) -> Batch:
        """Let the members vote on every row later than ``after``, at any horizon, as :meth:`predict_horizon`.

        A row is voted on from that row and those before it: the same as a call for each row with the later ones
        cut off. Raises what :meth:`predict_horizon` raises; rows that have no votes are NaN.
        """
        asked = self._asked(horizon, horizon_bars)
        rows = inputs.later(asked.read(df), after)
        return Batch(asked.vote(rows), horizon, horizon_bars, asked.basis, asked.silent, asked.traits.usual)

    def _asked(self, horizon: str | None, horizon_bars: int | None) -> Asked:
        """Say who votes at a horizon (None: the trained one), with which weights, by which label and temperature.

        For the trained one it is told again as it was, until models or weights are others.
        """
        self.prepare()
        ensemble = self.ensemble_manager.ensemble
        if horizon is not None:
            return self._found(ensemble, horizon, horizon_bars)
        built, kept = ensemble.members(), self._kept
        if kept is not None and kept[0] is built and kept[1] == ensemble.weights:
            return kept[2]
        weights = dict(ensemble.weights)
        asked = self._found(ensemble, None, None)
        self._kept = (built, weights, asked)
        return asked

    def _found(self, ensemble: InjectedEnsemble, horizon: str | None, horizon_bars: int | None) -> Asked:
        members = {name: member for name, member in ensemble.members().items() if name not in self._left_out}
        if not members:
            raise AllMembersAbstainedError(dict.fromkeys(ensemble.models, "it is left out"))
        traits, shares = ensemble.traits, ensemble.shares(list(members))
        own_bars = traits.label.horizon_bars if traits.label else None
        if horizon is None or horizon_bars == own_bars:
            traits = replace(traits, horizon=horizon) if horizon not in (None, traits.horizon) else traits
            return Asked(members, shares, traits, "trained", {}, ensemble.needs(members))
        votable = {name: member for name, member in members.items() if name in PRICE_MEMBERS and traits.label}
        only = f"it is trained for {traits.horizon} only" if traits.label else aims.UNTOLD
        silent = {name: only for name in members if name not in votable}
        if not votable or traits.label is None:
            raise AllMembersAbstainedError(silent)
        shares = normalised(shares, list(votable), version=traits.version, otherwise_equal=True)
        label = traits.label.at_horizon(horizon_bars or traits.label.horizon_bars)
        derived = replace(traits, horizon=horizon, temperature=1.0, label=label, usual=None)
        return Asked(votable, shares, derived, "derived", silent, ensemble.needs(votable))

    def _newest(self, asked: Asked, df: pd.DataFrame, time_zone: str | None) -> dict[str, Any]:
        return self._of_rows(asked, inputs.last(asked.read(df, time_zone, newest=True)))

    def _of_rows(self, asked: Asked, rows: Rows) -> dict[str, Any]:
        told, traits = asked.newest(rows), asked.traits
        return {
            **told,
            **usual_rates.edge(told["probabilities"], traits.usual),
            "abstentions": told["abstentions"] | dict(asked.silent),
            "horizon": traits.horizon,
            "horizon_bars": traits.label.horizon_bars if traits.label else None,
            "symbol": self.symbol_id,
            "timeframe": traits.timeframe,
            "version": traits.version,
            "basis": asked.basis,
        }
