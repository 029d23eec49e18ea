"""Many trainings in parallel: one process a core, one thread a process, and no failure stops the rest."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from ensemble_desk.ensemble.members import catalogue as registered
from ensemble_desk.errors import extras
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening, workers
from ensemble_desk.settings import Settings
from ensemble_desk.training import job, run_log, wanted_label
from ensemble_desk.training.job import TrainingOutcome
from ensemble_desk.training.runs import FAILED
from ensemble_desk.training.wanted_label import WantedLabel

KILLED = "a training process was ended from outside, perhaps for want of memory. Train this key again."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One version to train; ``as_of`` None uses every bar there is."""

    key: Key
    as_of: datetime | None = None
    members: tuple[str, ...] = registered.DEFAULT_MEMBERS
    label: WantedLabel = wanted_label.DEFAULT
    feature_set: str = ""


@dataclass(frozen=True, slots=True)
class _Work:
    """What all trainings of one fleet have in common."""

    settings: Settings
    requests: tuple[TrainingRequest, ...]
    n_jobs: int
    actor: str


_Finished = Callable[[int, TrainingOutcome], None]


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
    n_jobs : processes at once; 0 means one a core, 1 trains in this process.
    progress : told each outcome as it is known.
    """
    outcomes: dict[int, TrainingOutcome] = {}

    def finished(position: int, outcome: TrainingOutcome) -> None:
        outcomes[position] = outcome
        if progress is not None:
            progress(outcome)

    work = _Work(settings, tuple(requests), n_jobs, actor)
    left = {position: request.key for position, request in enumerate(requests)}
    try:
        while left:
            _go_on(work, left, finished=finished)
    except BaseException:
        _mark_dead(settings)
        raise
    return tuple(outcomes[position] for position in range(len(requests)))


def _go_on(work: _Work, left: dict[int, Key], *, finished: _Finished) -> None:
    """Train what is left; returns early when a process was killed, and what it trained then counts as done."""

    def done(position: int, outcome: TrainingOutcome) -> None:
        del left[position]
        finished(position, outcome)

    try:
        _train_each(work, dict(left), finished=done)
    except BrokenExecutor:
        dead = _mark_dead(work.settings)
        first = {key: position for position, key in reversed(left.items())}  # of each key what may have been under way
        hit = [position for key, position in first.items() if key in dead]
        for position in hit or first.values():
            done(position, _unrecorded(work.requests[position].key, KILLED))


def _train_each(work: _Work, left: Mapping[int, Key], *, finished: _Finished) -> None:
    with extras.needed():
        import joblib

    n_jobs = min(work.n_jobs or joblib.cpu_count(), len(set(left.values())))
    if n_jobs > 1:
        with workers.pool(n_jobs) as pool:
            _in_pool(pool, work, left, finished=finished)
        return
    for position in left:
        finished(*_train(work.settings, work.requests[position], position, actor=work.actor))


def _in_pool(pool: Executor, work: _Work, left: Mapping[int, Key], *, finished: _Finished) -> None:
    """Train of each key the next one as soon as the one before it is done; raises BrokenExecutor."""
    waiting: dict[Key, deque[int]] = defaultdict(deque)
    for position, key in left.items():
        waiting[key].append(position)

    def begin(key: Key) -> Future[tuple[int, TrainingOutcome]]:
        position = waiting[key].popleft()
        return pool.submit(_train, work.settings, work.requests[position], position, actor=work.actor)

    running = {begin(key) for key in waiting}
    broken: BaseException | None = None
    while running:
        over, running = wait(running, return_when=FIRST_COMPLETED)
        broken = broken or next(filter(None, (future.exception() for future in over)), None)
        done = [future.result() for future in over if future.exception() is None]
        for position, outcome in done:  # also of a broken pool: what is trained counts
            finished(position, outcome)
        try:
            for key in (left[position] for position, _ in done):
                if broken is None and waiting[key]:
                    running.add(begin(key))
        except BrokenExecutor as error:
            broken = error
    if broken is not None:
        raise broken


def _train(settings: Settings, request: TrainingRequest, position: int, *, actor: str) -> tuple[int, TrainingOutcome]:
    """Train one request with a registry of this process's own."""
    try:
        with opening.open_registry(settings) as registry:
            return position, job.train(
                registry,
                request.key,
                as_of=request.as_of,
                actor=actor,
                members=request.members,
                label=request.label,
                feature_set=request.feature_set,
            )
    except Exception as error:  # noqa: BLE001 - a key that cannot even record its failure must not stop the others
        _log.debug("Training %s could not be recorded", request.key, exc_info=True)
        return position, _unrecorded(request.key, str(error))


def _mark_dead(settings: Settings) -> frozenset[Key]:
    """Fail the runs that ended with their processes; gives their keys."""
    with opening.open_registry(settings) as registry:
        return run_log.mark_dead(registry.database, at=registry.clock())


def _unrecorded(key: Key, error: str) -> TrainingOutcome:
    return TrainingOutcome(None, key, FAILED, None, error, 0.0)
