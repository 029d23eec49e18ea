"""Many trainings at once, wherever work is done; no failure stops the rest."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial

from ensemble_desk.ensemble.members import catalogue as registered
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.walking import without_secrets
from ensemble_desk.settings import Settings
from ensemble_desk.training import job, run_log, wanted_label
from ensemble_desk.training.job import TrainingOutcome
from ensemble_desk.training.runs import FAILED
from ensemble_desk.training.wanted_label import WantedLabel
from ensemble_desk.work import places, walking
from ensemble_desk.work.walking import Lost

_FEWEST = 2  # a training takes as long as a process takes to start

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One version to train; ``as_of`` None uses every bar there is, ``again`` as in :func:`.job.train`."""

    key: Key
    as_of: datetime | None = None
    members: tuple[str, ...] = registered.DEFAULT_MEMBERS
    label: WantedLabel = wanted_label.DEFAULT
    feature_set: str = ""
    again: str = ""


def end_of(day: date) -> datetime:
    """The last moment of a day in UTC: what is known as of that day."""
    return datetime.combine(day, time.max, tzinfo=UTC)


def train_all(
    settings: Settings,
    requests: Sequence[TrainingRequest],
    *,
    n_jobs: int,
    actor: str,
    progress: Callable[[TrainingOutcome], None] | None = None,
) -> tuple[TrainingOutcome, ...]:
    """Train every request and give the outcomes in the order of the requests.

    Requests of the same key are trained one after the other in the order given, so that a key that follows latest
    moves from version to version as it would have in life.

    Parameters
    ----------
    n_jobs : processes at once; 0 means as the settings say, 1 trains in this process.
    progress : told each outcome as it is known.

    Raises
    ------
    ClusterError, OtherReleaseError, MissingExtraError
    """

    def told(position: int, found: TrainingOutcome | Lost) -> None:
        if progress is not None:
            progress(_outcome(requests[position], found))

    place = places.of(settings, n_jobs=n_jobs, fewest=_FEWEST)
    here, there = partial(_train, settings, actor), partial(_train, without_secrets(settings), actor)
    try:
        found = walking.each(here, there, requests, place=place, lane=_key, told=told)
    except BaseException:
        _mark_dead(settings)
        raise
    if any(isinstance(one, Lost) for one in found):
        _mark_dead(settings)
    return tuple(_outcome(request, one) for request, one in zip(requests, found, strict=True))


def _key(request: TrainingRequest) -> Key:
    return request.key


def _train(settings: Settings, actor: str, request: TrainingRequest) -> TrainingOutcome:
    """Train one request with a registry of its own."""
    try:
        with opening.open_registry(settings) as registry:
            return job.train(
                registry,
                request.key,
                as_of=request.as_of,
                actor=actor,
                members=request.members,
                label=request.label,
                feature_set=request.feature_set,
                again=request.again,
            )
    except Exception as error:  # noqa: BLE001 - a key that cannot even record its failure must not stop the others
        _log.debug("Training %s could not be recorded", request.key, exc_info=True)
        return _unrecorded(request.key, str(error))


def _outcome(request: TrainingRequest, found: TrainingOutcome | Lost) -> TrainingOutcome:
    return _unrecorded(request.key, found.reason) if isinstance(found, Lost) else found


def _mark_dead(settings: Settings) -> None:
    """Fail the runs that ended with their processes."""
    with opening.open_registry(settings) as registry:
        run_log.mark_dead(registry.database, at=registry.clock())


def _unrecorded(key: Key, error: str) -> TrainingOutcome:
    return TrainingOutcome(None, key, FAILED, None, error, 0.0)
