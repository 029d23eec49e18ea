"""Many trainings in parallel: one process a core, one thread a process, and no failure stops the rest."""

import logging
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from lib.ensemble import members as registered
from lib.market.keys import Key
from lib.registry import opening
from lib.settings import Settings
from lib.training import job, run_log
from lib.training.job import TrainingOutcome
from lib.training.runs import FAILED

KILLED = "a training process was ended from outside, perhaps for want of memory. Train this key again."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One version to train; ``as_of`` None uses every bar there is."""

    key: Key
    as_of: datetime | None = None
    members: tuple[str, ...] = registered.DEFAULT_MEMBERS


@dataclass(frozen=True, slots=True)
class _Work:
    """What all rounds of one fleet have in common."""

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
    try:
        for batch in _rounds(requests):
            _round(work, batch, finished=finished)
    except BaseException:
        _stop_workers()
        _mark_dead(settings)
        raise
    return tuple(outcomes[position] for position in range(len(requests)))


def _rounds(requests: Sequence[TrainingRequest]) -> list[list[int]]:
    """Positions of the first request of every key, then of the second, and so on."""
    seen: dict[Key, int] = defaultdict(int)
    rounds: dict[int, list[int]] = defaultdict(list)
    for position, request in enumerate(requests):
        rounds[seen[request.key]].append(position)
        seen[request.key] += 1
    return [rounds[number] for number in sorted(rounds)]


def _round(work: _Work, batch: Sequence[int], *, finished: _Finished) -> None:
    """Train a batch, going on with the rest in fresh processes when one of them is killed."""
    left = list(batch)

    def done(position: int, outcome: TrainingOutcome) -> None:
        left.remove(position)
        finished(position, outcome)

    while left:
        try:
            _parallel(work, tuple(left), finished=done)
        except BrokenExecutor:
            dead = _mark_dead(work.settings)
            hit = [position for position in left if work.requests[position].key in dead]
            for position in hit or tuple(left):
                done(position, _unrecorded(work.requests[position].key, KILLED))


def _parallel(work: _Work, positions: Sequence[int], *, finished: _Finished) -> None:
    import joblib

    n_jobs = min(work.n_jobs or joblib.cpu_count(), len(positions))
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        pool = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
        tasks = (joblib.delayed(_train)(work.settings, work.requests[one], one, actor=work.actor) for one in positions)
        results = pool(tasks)
        try:
            for position, outcome in results:
                finished(position, outcome)
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib remarks that an interrupt cancels tasks, which is its point
                results.close()


def _train(settings: Settings, request: TrainingRequest, position: int, *, actor: str) -> tuple[int, TrainingOutcome]:
    """Train one request with a registry of this process's own."""
    try:
        with opening.open_registry(settings) as registry:
            return position, job.train(registry, request.key, as_of=request.as_of, actor=actor, members=request.members)
    except Exception as error:  # noqa: BLE001 - a key that cannot even record its failure must not stop the others
        _log.debug("Training %s could not be recorded", request.key, exc_info=True)
        return position, _unrecorded(request.key, str(error))


def _mark_dead(settings: Settings) -> frozenset[Key]:
    """Fail the runs that ended with their processes; gives their keys."""
    with opening.open_registry(settings) as registry:
        return run_log.mark_dead(registry.database, at=registry.clock())


def _stop_workers() -> None:
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _unrecorded(key: Key, error: str) -> TrainingOutcome:
    return TrainingOutcome(None, key, FAILED, None, error, 0.0)
