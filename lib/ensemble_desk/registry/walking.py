"""A verb done for many keys, with this registry or, in other processes, with one of theirs."""

import logging
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import NoReturn, TypeVar

from ensemble_desk.database import failures
from ensemble_desk.errors import DatabaseError, LostWorkError
from ensemble_desk.registry import opening
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.work import logs, places, walking
from ensemble_desk.work.places import Place
from ensemble_desk.work.walking import Lost

T = TypeVar("T")
R = TypeVar("R")

Task = Callable[[Registry, T], R]

Told = Callable[[], None]

_MOST_SECONDS_LOCKED = 300.0


def each(
    registry: Registry,
    task: Task[T, R],
    items: Sequence[T],
    *,
    lost: Callable[[T, str], R],
    place: Place | None = None,
    lane: Callable[[T], Hashable] | None = None,
    told: Told | None = None,
    size: Callable[[T], int] | None = None,
) -> tuple[R, ...]:
    """Do a task for each item, see :func:`ensemble_desk.work.walking.each`; gives the results in order.

    Another process opens the registry by the settings, once, and keeps it open for the next items.

    Parameters
    ----------
    lost : makes the result of an item that no process could do, of the reason.
    place : where it is done; None: as the settings say.
    lane : items of the same lane are done one after the other, in their order.
    told : called after each item, or as often as ``size`` says of it.
    """
    where = places.of(registry.settings) if place is None else place
    there = partial(_with_shared, without_secrets(registry.settings), dict(logs.ids()), task)
    sizes = [1 if size is None else size(item) for item in items]
    count = None if told is None else partial(_count, told, sizes)
    found = walking.each(partial(task, registry), there, items, place=where, lane=lane, told=count)
    return tuple(
        lost(item, one.reason) if isinstance(one, Lost) else one for item, one in zip(items, found, strict=True)
    )


def nobody(item: object, reason: str) -> NoReturn:
    """Raise for an item whose result nobody can do without; raises LostWorkError."""
    raise LostWorkError(item, reason)


def without_secrets(settings: Settings) -> Settings:
    """Give what a worker needs: all but by what one acts and whom one tells."""
    return settings.model_copy(update={"token": "", "alert_urls": (), "dask": "", "jobs": 1})


def _count(told: Told, sizes: Sequence[int], position: int, _found: object) -> None:
    for _ in range(sizes[position]):
        told()


def _with_shared(settings: Settings, ids: Mapping[str, str], task: Task[T, R], item: T) -> R:
    if not logging.getLogger().handlers:
        logs.begin(settings)
    with logs.marked(**ids):
        return _patiently(task, opening.shared(settings), item)


def _patiently(task: Task[T, R], registry: Registry, item: T) -> R:
    """Do a task again while other workers have the database: each is safe to repeat, and a long log takes its time."""
    until = time.monotonic() + _MOST_SECONDS_LOCKED
    while True:
        try:
            return task(registry, item)
        except DatabaseError as error:  # raised after seconds of waiting, so there is no need to wait here
            if not failures.is_locked(error) or time.monotonic() > until:
                raise
