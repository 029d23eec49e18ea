"""Many trainings in parallel: one process a core, one thread a process, and no failure stops the rest."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from lib.errors import DeskError
from lib.market.keys import Key
from lib.registry import opening
from lib.settings import Settings
from lib.training import job, run_log
from lib.training.job import TrainingOutcome
from lib.training.runs import FAILED

KILLED = "a training process was ended from outside, perhaps for want of memory. Train this key again."


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """One version to train; ``as_of`` None uses every bar there is."""

    key: Key
    as_of: datetime | None = None


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
    try:
        for batch in _rounds(requests):
            for position, outcome in _round(settings, requests, batch, n_jobs=n_jobs, actor=actor):
                outcomes[position] = outcome
                if progress is not None:
                    progress(outcome)
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


def _round(
    settings: Settings, requests: Sequence[TrainingRequest], batch: Sequence[int], *, n_jobs: int, actor: str
) -> Iterator[tuple[int, TrainingOutcome]]:
    """Train a batch, going on with the rest in fresh processes when one of them is killed."""
    open_positions = list(batch)
    while open_positions:
        try:
            for position, outcome in _parallel(settings, requests, open_positions, n_jobs=n_jobs, actor=actor):
                open_positions.remove(position)
                yield position, outcome
        except BrokenExecutor:
            dead = _mark_dead(settings)
            hit = [position for position in open_positions if requests[position].key in dead] or open_positions[:]
            for position in hit:
                open_positions.remove(position)
                yield position, _unrecorded(requests[position].key, KILLED)


def _parallel(
    settings: Settings, requests: Sequence[TrainingRequest], positions: Sequence[int], *, n_jobs: int, actor: str
) -> Iterator[tuple[int, TrainingOutcome]]:
    import joblib

    wanted = min(n_jobs or joblib.cpu_count(), len(positions))
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        pool = joblib.Parallel(n_jobs=wanted, return_as="generator_unordered")
        tasks = (
            joblib.delayed(_train)(settings, requests[position], position, actor=actor) for position in tuple(positions)
        )
        yield from pool(tasks)


def _train(settings: Settings, request: TrainingRequest, position: int, *, actor: str) -> tuple[int, TrainingOutcome]:
    """Train one request with a registry of this process's own."""
    try:
        registry = opening.open_registry(settings)
    except DeskError as error:
        return position, _unrecorded(request.key, str(error))
    try:
        return position, job.train(registry, request.key, as_of=request.as_of, actor=actor)
    except DeskError as error:  # the database failed, so not even the failure could be recorded
        return position, _unrecorded(request.key, str(error))
    finally:
        registry.close()


def _mark_dead(settings: Settings) -> frozenset[Key]:
    """Fail the runs that ended with their processes; gives their keys."""
    registry = opening.open_registry(settings)
    try:
        return run_log.mark_dead(registry.database, at=registry.clock())
    finally:
        registry.close()


def _stop_workers() -> None:
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True, kill_workers=True)


def _unrecorded(key: Key, error: str) -> TrainingOutcome:
    return TrainingOutcome(None, key, FAILED, None, error, 0.0)
