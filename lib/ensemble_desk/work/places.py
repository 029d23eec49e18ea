"""Where work is done, chosen from what a person, a program around this one, and the settings say."""

import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ensemble_desk.settings import Settings
from ensemble_desk.work import cluster, cores

FEWEST = 64
"""So many keys are worth starting processes for, which takes a second or two."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where work may be done.

    Attributes
    ----------
    n_jobs : processes at once; 0: as many as ``joblib.parallel_config`` says, else one a core.
    scheduler : address of a Dask scheduler; empty: this machine.
    fewest : fewer items than this are done in this process.
    one_machine : whether only this machine can reach the registry.
    """

    n_jobs: int = 0
    scheduler: str = ""
    fewest: int = FEWEST
    one_machine: bool = True


@dataclass(frozen=True, slots=True)
class Hands:
    """Something that work can be submitted to.

    Attributes
    ----------
    n : how many tasks run at once.
    address : of the cluster; empty: processes or threads of this machine.
    shares_memory : whether they are threads of this process.
    """

    executor: Executor
    n: int
    address: str = ""
    shares_memory: bool = False


def of(settings: Settings, *, n_jobs: int | None = None, fewest: int = FEWEST) -> Place:
    """Choose as the settings say; ``n_jobs`` is what a person said, which counts for more."""
    one_machine = settings.registry_url.startswith("sqlite")
    return Place(n_jobs or settings.jobs, settings.dask, fewest, one_machine)


@contextmanager
def opened(place: Place, n_items: int) -> Iterator[Hands | None]:
    """Give the hands to do so many items with; None: this process does them best.

    Raises
    ------
    ClusterError, OtherReleaseError, MissingExtraError
    BrokenExecutor
        When a process was ended from outside; opened again, there are new ones.
    """
    if n_items < max(place.fewest, 2):
        yield None
        return
    around = _around()
    client = getattr(around, "client", None)
    if client is not None:  # the program around this one has a cluster, as joblib knows it
        address = client.scheduler.address
        cluster.check(client, address, one_machine=place.one_machine)
        yield Hands(cluster.executor(client), cluster.n_threads(client), address)
    elif place.scheduler:
        with cluster.connected(place.scheduler, one_machine=place.one_machine) as client:
            yield Hands(cluster.executor(client), cluster.n_threads(client), place.scheduler)
    else:
        n = min(_n_jobs(place, around), n_items)
        if n < 2:  # noqa: PLR2004 - one more process than this one would only wait for it
            yield None
        elif getattr(around, "uses_threads", False):
            with ThreadPoolExecutor(n) as threads:
                yield Hands(threads, n, shares_memory=True)
        else:
            with cores.pool(n) as pool:
                yield Hands(pool, n)


def _around() -> Any:
    """Tell the backend that ``joblib.parallel_config`` names around this call; None where nobody has asked for one."""
    if "joblib" not in sys.modules:
        return None
    from joblib.parallel import get_active_backend

    backend, n_jobs = get_active_backend()
    usual = type(backend).__name__ == "LokyBackend" and n_jobs is None
    return None if usual else backend


def _n_jobs(place: Place, around: Any) -> int:
    if place.n_jobs or around is None:
        return place.n_jobs or cores.n_cores()
    from joblib.parallel import effective_n_jobs, get_active_backend

    _, n_jobs = get_active_backend()
    return int(effective_n_jobs(-1 if n_jobs is None else n_jobs))
