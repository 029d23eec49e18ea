"""Serving: verified versions out of memory, and the ensemble that follows production at every forecast."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ensemble_desk.artifacts import descriptions
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import NotTrainedError, UnknownKeyError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ages, opening
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.index import entries
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import pointers
from ensemble_desk.registry.ledger.pointers import Served
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import verified
from ensemble_desk.settings import Settings

_TRAINED = {"enable_lstm": True}  # a version serves what it was trained with; who wants less says so


class ProductionEnsemble(EnhancedEnsembleForecaster):
    """The ensemble in production of one key; each forecast first looks where production points (one indexed read).

    A key without a usable version is not trained yet: its forecasts raise NotTrainedError until there is one.
    """

    def __init__(self, registry: Registry, key: Key, **enabled: bool) -> None:
        super().__init__(timeframes.base_horizon(key.timeframe), key.symbol, **_TRAINED | enabled)
        self._registry, self._key, self._question = registry, key, ("served", key)
        self._empty = self.ensemble_manager
        self._served: tuple[str | None, int | None] = (None, None)  # digest and description of what was injected
        self._expires_at: datetime | None = None  # when it is refused for its age; None: never
        self._turn = threading.Lock()
        self.revision = 0
        self._enabled = enabled
        self._follow()

    def __reduce__(self) -> tuple[Callable[..., "ProductionEnsemble"], tuple[Any, ...]]:
        """In another process it opens the registry of the same settings, and follows production from there on."""
        return _reopened, (self._registry.settings, self._key, self._enabled)

    def __deepcopy__(self, memo: object) -> "ProductionEnsemble":
        return ProductionEnsemble(self._registry, self._key, **self._enabled)

    def prepare(self) -> None:
        """Take over what production points at now.

        Raises
        ------
        NotTrainedError
            When no version is usable.
        TamperedArtifactError, ArtifactMissingError, ArtifactError
            When the version in production must not or cannot be served.
        ExpiredVersionError
            When it is older than the settings allow, and they say to refuse it.
        """
        self._follow()
        if self._expires_at is not None and self._registry.clock() > self._expires_at:
            raise ages.refusal(self._registry.settings, self._key, self.version)
        if not self.is_trained:
            raise untrained(self._registry, self._key)
        super().prepare()

    def _follow(self) -> None:
        with self._turn:  # whoever read the pointer first also injects first
            served = self._registry.query_cache.get(self._question, self._look)
            if served is None or served.version is None:
                self.ensemble_manager, self.is_trained, self.training_stats = self._empty, False, {}
                self._served, self._expires_at = (None, None), None
            elif (served.sha256, served.description_id) != self._served or served.health is not State.AVAILABLE:
                self.inject(content(self._registry, self._key, served.version), version=served.version)
                self._served = (served.sha256, served.description_id)
                self._expires_at = ages.refused_at(self._registry.settings, self._key, served.version)
            self.revision = served.revision if served else 0

    def _look(self) -> Served | None:
        return pointers.served(self._registry.database, self._key)


def _reopened(settings: Settings, key: Key, enabled: Mapping[str, bool]) -> ProductionEnsemble:
    return ProductionEnsemble(opening.shared(settings), key, **enabled)


def load(registry: Registry, key: Key, version: str) -> dict[str, Any]:
    """Give the artifact of a version with its estimators, verified against the index, and what people told of it.

    The caller may change its own copy of the dicts.

    Raises
    ------
    UnknownKeyError, UnknownVersionError
    TamperedArtifactError, ArtifactMissingError, IncompatibleArtifactError, ArtifactError
    """
    entry = _entry(registry, key, version)
    if entry.health is State.AVAILABLE:
        content = registry.cache.get(entry.sha256, lambda: verified.load(registry, entry))
    else:
        _, content = verified.load(registry, entry)
    told = descriptions.lay_over(content, entry.described)
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in told.items()}


def content(registry: Registry, key: Key, version: str) -> Mapping[str, Any]:
    """Give what forecasts need of a version, out of its serving form where it has one; raises what :func:`load` does.

    Everything in it is shared between callers and read-only.
    """
    entry = _entry(registry, key, version)
    if entry.health is State.AVAILABLE and entry.serving_sha256 is not None:
        form = registry.cache.get(entry.serving_sha256, lambda: verified.load_form(registry, entry))
        return descriptions.lay_over(form, entry.described)
    return load(registry, key, version)


def ensemble(registry: Registry, key: Key, **enabled: bool) -> ProductionEnsemble:
    """Give the ensemble of a key, following production; ``enabled`` as EnhancedEnsembleForecaster takes it."""
    return ProductionEnsemble(registry, key, **enabled)


def ensemble_of(registry: Registry, key: Key, version: str, **enabled: bool) -> EnhancedEnsembleForecaster:
    """Give the ensemble of one version, whatever production does; raises what :func:`load` raises."""
    return of_content(key, content(registry, key, version), version=version, **enabled)


def untrained(registry: Registry, key: Key) -> NotTrainedError:
    """Say of a key that nothing is in production of it, and what keeps its newest version from it."""
    from ensemble_desk.registry.index import versions

    try:
        newest = versions.of_key(registry, key)[0]
    except UnknownKeyError:
        return NotTrainedError(str(key))
    why = f" ({problem.rstrip('.')})" if (problem := newest.problem or newest.quarantine_reason) else ""
    return NotTrainedError(str(key), f"its newest, {newest.version}, is {newest.state.value}{why}")


def of_content(key: Key, given: Mapping[str, Any], *, version: str, **enabled: bool) -> EnhancedEnsembleForecaster:
    """Give the ensemble of a version whose content is at hand, the way production serves it."""
    fixed = EnhancedEnsembleForecaster(timeframes.base_horizon(key.timeframe), key.symbol, **_TRAINED | enabled)
    fixed.inject(given, version=version)
    return fixed


def _entry(registry: Registry, key: Key, version: str) -> Entry:
    found = entries.look_up(registry.database, key, version)
    if found is not None:
        return found
    from ensemble_desk.registry.index import stored as index

    return index.require_of_known_key(registry.database, key, version)
