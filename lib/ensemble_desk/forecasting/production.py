"""Forecasting a key with what is in production, and keeping what was said in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ensemble_desk.errors import DatabaseError, DeskError
from ensemble_desk.forecasting import failures, log, multi_horizon
from ensemble_desk.forecasting.log import Entry, Kind, Stamp
from ensemble_desk.forecasting.multi_horizon import HorizonForecast, MultiHorizonForecast
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry import walking
from ensemble_desk.registry.entities import Production
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.work.places import Place


@dataclass(frozen=True, slots=True)
class ProductionForecast:
    """What production says of the newest bar.

    Attributes
    ----------
    pointer_revision : of the production pointer that named the version.
    n_logged : forecasts that are new in the log; those made before at the same bar by the same version are not.
    """

    forecast: MultiHorizonForecast
    pointer_revision: int
    n_logged: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking production of one key among many: a forecast, or why there is none."""

    key: Key
    found: ProductionForecast | None
    problem: str = ""


def forecast(registry: Registry, key: Key, *, keep: bool = True) -> ProductionForecast:
    """Forecast every horizon from the newest bars of the source; with ``keep`` into the log, as live.

    One version answers for all horizons, whatever happens to production meanwhile. What it says over a horizon that
    nobody has told is not kept: no bar could decide it. With ``keep`` a failure is remembered, until a forecast
    succeeds, so that an alert tells of it.

    Raises
    ------
    UnknownKeyError, NotTrainedError
        When there is no version to ask.
    AllMembersAbstainedError, SourceError, ArtifactError, DatabaseError
    """
    pointer = production.read(registry, key)
    if pointer.version is None:
        raise serving.untrained(registry, key)
    try:
        ensemble = serving.ensemble_of(registry, key, pointer.version)
        found = multi_horizon.forecast(ensemble, key, registry.source.bars(key, last=ensemble.lookback_bars()).frame)
    except DatabaseError:
        raise
    except DeskError as error:
        if keep:
            failures.keep(registry.database, key, version=pointer.version, problem=str(error), at=registry.clock())
        raise
    if keep:
        failures.forget(registry.database, key)
    n_logged = _keep(registry, pointer, found) if keep else 0
    return ProductionForecast(found, pointer.revision, n_logged)


def forecast_each(
    registry: Registry,
    keys: Sequence[Key],
    *,
    keep: bool = True,
    place: Place | None = None,
    told: walking.Told | None = None,
) -> tuple[Answer, ...]:
    """Forecast many keys, wherever work is done; a key that cannot be forecast has an answer that says why.

    Raises
    ------
    ClusterError, OtherReleaseError, MissingExtraError
    """
    return walking.each(registry, partial(_tried, keep=keep), keys, lost=_unanswered, place=place, told=told)


def _tried(registry: Registry, key: Key, *, keep: bool) -> Answer:
    try:
        return Answer(key, forecast(registry, key, keep=keep))
    except DeskError as error:
        return Answer(key, None, str(error))


def _unanswered(key: Key, reason: str) -> Answer:
    return Answer(key, None, f"{key}: {reason}")


def _keep(registry: Registry, pointer: Production, found: MultiHorizonForecast) -> int:
    stamp = Stamp(
        key=pointer.key,
        version=str(pointer.version),
        sha256=str(pointer.sha256),
        pointer_revision=pointer.revision,
        kind=Kind.LIVE,
        created_at=registry.clock(),
    )
    entries = [_entry(found, one) for one in found.forecasts.values()]
    return log.append(registry.database, stamp, [entry for entry in entries if entry is not None])


def _entry(found: MultiHorizonForecast, one: HorizonForecast) -> Entry | None:
    """Give the row of a forecast; None over a horizon that nobody has told: no bar could ever decide it."""
    assert found.as_of is not None  # noqa: S101 - the bars of a source have times
    if one.horizon is None or one.horizon_bars is None:
        return None
    return Entry(
        as_of=found.as_of,
        target_at=None,
        horizon=one.horizon,
        horizon_bars=one.horizon_bars,
        basis=one.basis,
        label=one.label,
        probabilities=[one.probabilities[name] for name in CLASSES],
        confidence=one.confidence,
        agreement=one.agreement,
        members=one.members,
        weights_used=one.weights_used,
        abstentions=one.abstentions,
        lean=one.lean,
        bands=one.bands,
    )
