"""One task for each of many items, wherever it is done: told as they end, repeated when a process was lost."""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from ensemble_desk.errors import ClusterError
from ensemble_desk.work import places, release
from ensemble_desk.work.places import Hands, Place

ENDED = "the process that did this was ended from outside, twice, perhaps for want of memory"
GONE = "the cluster went away before this was done. Run it again: what is done is not done twice"

_MOST_TOGETHER = 32  # items that are handed over at once
_SHARES = 4  # of each process, so that none waits long for the last

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Lost:
    """An item that nobody could do, and why."""

    reason: str


def each(
    here: Callable[[T], R],
    there: Callable[[T], R],
    items: Sequence[T],
    *,
    place: Place,
    lane: Callable[[T], Hashable] | None = None,
    told: Callable[[int, R | Lost], None] | None = None,
) -> tuple[R | Lost, ...]:
    """Do a task for each item and give what came of each, in the order of the items.

    A task must be safe to repeat: what a lost process had begun is done again, alone, once. An error that a task raises
    ends all; a task tells in its result what concerns its own item.

    Parameters
    ----------
    here, there : the task in this process, and in another one; results are small, and can be sent.
    lane : items of the same lane are done one after the other, in their order, each handed over alone.
    told : called with the position of an item and what came of it, as it is known.

    Raises
    ------
    ClusterError, OtherReleaseError, MissingExtraError
    """
    walk = _Walk(here, there, items, told)
    n_lanes = len(items) if lane is None else len({lane(item) for item in items})
    while len(walk.found) < len(items):
        try:
            with places.opened(place, n_lanes) as hands:
                walk.go_on(hands, lane)
        except BrokenExecutor:
            for position in walk.doubtful():
                walk.alone(place, position)
        except BaseException:
            walk.call_off()
            raise
    return tuple(walk.found[position] for position in range(len(items)))


@dataclass(slots=True)
class _Walk(Generic[T, R]):
    here: Callable[[T], R]
    there: Callable[[T], R]
    items: Sequence[T]
    told: Callable[[int, R | Lost], None] | None
    found: dict[int, R | Lost] = field(default_factory=dict)
    under_way: dict[Future[list[R]], list[int]] = field(default_factory=dict)
    is_gone: bool = False  # the cluster, whose client would refuse whatever else it is given

    def go_on(self, hands: Hands | None, lane: Callable[[T], Hashable] | None) -> None:
        """Do what is left; raises BrokenExecutor when a process was lost."""
        left = [position for position in range(len(self.items)) if position not in self.found]
        if hands is None:
            for position in left:
                self._tell(position, self.here(self.items[position]))
            return
        lanes = self._lanes(left, lane, together=min(_MOST_TOGETHER, -(-len(left) // (_SHARES * hands.n))))
        follow: dict[int, deque[list[int]]] = {}  # what comes after the batch that begins with this position
        while (lanes or self.under_way) and not self.is_gone:
            while lanes and len(self.under_way) < 2 * hands.n:
                waiting = lanes.popleft()
                batch = waiting.popleft()
                follow[batch[0]] = waiting
                self.under_way[self._submit(hands, batch)] = batch
            over, _ = wait(self.under_way, return_when=FIRST_COMPLETED)
            for future in over:
                self._take(future, is_cluster=bool(hands.address))
                batch = self.under_way.pop(future)
                if waiting := follow.pop(batch[0]):
                    lanes.appendleft(waiting)
        if self.is_gone:
            self.call_off()
            for position in set(left).difference(self.found):
                self._tell(position, Lost(GONE))

    def call_off(self) -> None:
        for future in self.under_way:
            future.cancel()

    def doubtful(self) -> list[int]:
        """Give what was under way when a process was lost, but for what had ended well."""
        for future, batch in self.under_way.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self._tell_all(batch, future.result())
        left = [position for batch in self.under_way.values() for position in batch if position not in self.found]
        self.under_way.clear()
        return left

    def alone(self, place: Place, position: int) -> None:
        """Do one item with no other beside it, so that it is known who is at fault when the process is lost again."""
        try:
            with places.opened(place, len(self.items)) as hands:
                if hands is None:
                    self._tell(position, Lost(ENDED))  # not in this process, which would be lost as well
                else:
                    self._tell_all([position], self._submit(hands, [position]).result())
        except BrokenExecutor:
            self._tell(position, Lost(ENDED))

    def _lanes(
        self, left: Sequence[int], lane: Callable[[T], Hashable] | None, *, together: int
    ) -> deque[deque[list[int]]]:
        if lane is None:
            batches = [list(left[start : start + together]) for start in range(0, len(left), together)]
            return deque(deque([batch]) for batch in batches)
        by_lane: dict[Hashable, deque[list[int]]] = {}
        for position in left:
            by_lane.setdefault(lane(self.items[position]), deque()).append([position])
        return deque(by_lane.values())

    def _submit(self, hands: Hands, batch: Sequence[int]) -> Future[list[R]]:
        some = [self.items[position] for position in batch]
        if hands.shares_memory:
            return hands.executor.submit(_all, self.here, some)
        if hands.address:
            return hands.executor.submit(partial(_all_checked, release.here(), hands.address), self.there, some)
        return hands.executor.submit(_all, self.there, some)

    def _take(self, future: Future[list[R]], *, is_cluster: bool) -> None:
        batch = self.under_way[future]
        try:
            self._tell_all(batch, future.result())
        except BrokenExecutor:
            raise
        except (CancelledError, Exception) as error:
            reason = _why_lost(error) if is_cluster else ""
            if not reason:
                raise
            self.is_gone |= reason == GONE
            for position in batch:
                self._tell(position, Lost(reason))

    def _tell_all(self, batch: Sequence[int], results: Sequence[R]) -> None:
        for position, result in zip(batch, results, strict=True):
            self._tell(position, result)

    def _tell(self, position: int, result: R | Lost) -> None:
        self.found[position] = result
        if self.told is not None:
            self.told(position, result)


def _why_lost(error: BaseException) -> str:
    """Say why a cluster did not do something; empty when it is the task that raised."""
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    if isinstance(error, KilledWorker):
        return ENDED
    is_lost = isinstance(error, CancelledError | CommClosedError) or type(error).__name__ == "FutureCancelledError"
    return GONE if is_lost else ""


def _all(task: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [task(item) for item in items]


def _all_checked(expected: str, address: str, task: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Do tasks on a worker, which may have come to the cluster after it was looked at."""
    if release.here() != expected:
        raise ClusterError(address, f"a worker runs another release, {release.here()}, than the program that asks")
    return _all(task, items)
