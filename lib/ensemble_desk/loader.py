"""The names that forecast jobs import: load what is in production, list what there is, forecast every horizon."""

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_desk import settings as settings_module
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.forecasting import multi_horizon
from ensemble_desk.forecasting.multi_horizon import MultiHorizonForecast
from ensemble_desk.market import horizon_table, timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ages, opening
from ensemble_desk.registry.entities import UNSERVED, VersionRecord
from ensemble_desk.registry.folder import freshness
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.settings import Settings

__all__ = [
    "MODELS_DIR",
    "TIMEFRAME_HORIZONS",
    "EnhancedEnsembleForecaster",
    "EnsembleLoader",
    "MultiHorizonForecast",
    "generate_multi_horizon_forecasts",
    "get_production_ensemble_with_trained_weights",
    "load_model",
    "use",
]

logger = logging.getLogger(__name__)

MODELS_DIR: Path  # the folder of artifacts, read from the settings when asked for, see __getattr__
TIMEFRAME_HORIZONS: dict[str, dict[str, Any]]  # per timeframe its base horizon and every horizon; read likewise


@dataclass(slots=True)
class _Desk:
    """The registry this process reads: of the settings given to :func:`use`, else of the environment's at first use."""

    settings: Settings | None = None
    registry: Registry | None = None

    def opened(self) -> Registry:
        """Give the registry, up to date with files that other programs dropped into the folder."""
        registry = self.registry
        if registry is None:
            self.settings = self.settings or settings_module.load()
            registry = self.registry = opening.shared(self.settings)
        freshness.if_folder_changed(registry)
        return registry

    def switch(self, settings: Settings | None) -> None:
        if self.settings is not None:
            opening.close_shared(self.settings)
        self.settings, self.registry = settings, None


_desk = _Desk()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: setattr(_desk, "registry", None))  # a child opens its own


def use(settings: Settings | None) -> None:
    """Read from these settings from now on; None reads the environment (DESK_…) at the next call."""
    _desk.switch(settings)


def __getattr__(name: str) -> Any:
    if name == "MODELS_DIR":
        return (_desk.settings or settings_module.load()).models_folder
    if name == "TIMEFRAME_HORIZONS":
        timeframes.use(horizon_table.read((_desk.settings or settings_module.load()).horizons))
        return timeframes.TIMEFRAME_HORIZONS
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


class EnsembleLoader:
    """What there is and what is in production."""

    @staticmethod
    def load_latest_model(symbol: str, timeframe: str, *, max_age_days: float | None = None) -> dict[str, Any] | None:
        """Load the artifact of the version in production; None, with a logged hint, when there is none.

        With ``max_age_days`` it is None, and the log says why, when the day that names the version is longer ago.

        Raises
        ------
        InvalidSymbolError, InvalidTimeframeError
        TamperedArtifactError, UnsafeArtifactError, ArtifactMissingError and other ArtifactErrors
            When the version in production cannot be trusted or read: that is not the same as having none.
        ExpiredVersionError
            When it is older than DESK_MAX_AGE and DESK_EXPIRED says to refuse it.
        """
        registry, key = _desk.opened(), _key(symbol, timeframe)
        version = _version(registry, key)
        if version is None or _is_too_old(registry, key, version, max_age_days):
            return None
        refused_at = ages.refused_at(registry.settings, key, version)
        if refused_at is not None and registry.clock() > refused_at:
            raise ages.refusal(registry.settings, key, version)
        return _loaded(registry, key, version)

    @staticmethod
    def load_model(symbol: str, timeframe: str, *, version: str | None = None) -> dict[str, Any]:
        """Load the artifact of one version such as ``20250121``; of the one in production when none is named.

        Raises
        ------
        NotTrainedError
            When no version is named and none is in production.
        UnknownKeyError, UnknownVersionError
        The errors of :meth:`load_latest_model`.
        """
        registry, key = _desk.opened(), _key(symbol, timeframe)
        chosen = version or _version(registry, key)
        if chosen is None:
            raise serving.untrained(registry, key)
        return _loaded(registry, key, chosen)

    @staticmethod
    def list_available_models() -> dict[str, list[str]]:
        """Every version whose file is there and intact, newest first, by ``SYMBOL_TIMEFRAME``, from the index alone."""
        from ensemble_desk.registry.index import versions

        found = versions.names(_desk.opened(), without=UNSERVED)
        return {f"{key.symbol}_{key.timeframe}": list(names) for key, names in found.items()}

    @staticmethod
    def get_model_info(symbol: str, timeframe: str) -> dict[str, Any] | None:
        """Tell about the version in production without opening its artifact; None when there is none."""
        registry, key = _desk.opened(), _key(symbol, timeframe)
        found = registry.query_cache.get(("info", key), lambda: _record(registry, key))
        if found is None:
            return None
        return {
            "symbol": key.symbol,
            "timeframe": key.timeframe,
            "timestamp": found.version,
            "ensemble_accuracy": found.ensemble_accuracy,
            "weights": dict(found.weights),
            "file_size_mb": found.size_bytes / 2**20,
            "file_path": registry.store.path_of(found.file_name),
        }


def get_production_ensemble_with_trained_weights(symbol: str, timeframe: str) -> EnhancedEnsembleForecaster:
    """Give the ensemble in production, which follows every later move of production at its next forecast.

    Without a usable version it is untrained (``is_trained`` False) until there is one, and the log says how to train.

    Raises
    ------
    The same errors as :meth:`EnsembleLoader.load_latest_model`.
    """
    registry, key = _desk.opened(), _key(symbol, timeframe)
    _version(registry, key)
    return serving.ensemble(registry, key)


load_model = EnsembleLoader.load_model


def generate_multi_horizon_forecasts(
    symbol: str, timeframe: str, df: pd.DataFrame, *, time_zone: str | None = None
) -> MultiHorizonForecast | None:
    """Forecast every horizon of the timeframe from bars or ready features; None when there is no trained version.

    ``df`` and ``time_zone`` are those of :meth:`EnhancedEnsembleForecaster.predict`.

    Raises
    ------
    The errors of :meth:`EnsembleLoader.load_latest_model` and of the forecaster's ``predict``: data that cannot be
    used is told, not turned into None.
    """
    ensemble = get_production_ensemble_with_trained_weights(symbol, timeframe)
    key = _key(symbol, timeframe)
    if not ensemble.is_trained:
        logger.error("The ensemble for %s is not trained. Run: %s", key, _command(key))
        return None
    return multi_horizon.forecast(ensemble, key, df, time_zone=time_zone)


def _key(symbol: str, timeframe: str) -> Key:
    return Key(symbol.strip().upper(), timeframe.strip())


def _version(registry: Registry, key: Key) -> str | None:
    """The version in production; None with a logged hint when the key has no usable one."""
    try:
        version = production.read(registry, key).version
    except UnknownKeyError:
        version = None
    if version is None:
        folder = registry.store.place
        logger.warning("No usable version of %s in %s. Train one: %s", key, folder, _command(key))
    return version


def _loaded(registry: Registry, key: Key, version: str) -> dict[str, Any]:
    artifact = serving.load(registry, key, version)
    logger.info("Loaded %s %s", key, version)
    return artifact


def _is_too_old(registry: Registry, key: Key, version: str, max_age_days: float | None) -> bool:
    if max_age_days is None:
        return False
    day = datetime.strptime(version[:8], "%Y%m%d").replace(tzinfo=UTC)
    age_days = (registry.clock() - day) / timedelta(days=1)
    if age_days <= max_age_days:
        return False
    told = "%s %s is %.0f days old, more than the %g allowed. Train a newer one: %s"
    logger.warning(told, key, version, age_days, max_age_days, _command(key))
    return True


def _record(registry: Registry, key: Key) -> VersionRecord | None:
    from ensemble_desk.registry.index import versions

    version = _version(registry, key)
    return None if version is None else versions.get(registry, key, version)


def _command(key: Key) -> str:
    return f"desk train --symbol {key.symbol} --timeframe {key.timeframe}"
