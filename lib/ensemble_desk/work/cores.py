"""The processes of this machine that work is done in: one thread each, kept for a while."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from ensemble_desk.errors import extras

_IDLE_SECONDS = 300.0  # a new process takes seconds to import what it needs
_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


@contextmanager
def pool(n_processes: int) -> Iterator[Executor]:
    """Give processes to submit work to, those of the last time where they still live.

    Raises
    ------
    BrokenExecutor
        When one of them was ended from outside; the next call gives new ones.
    """
    with extras.needed():
        from joblib.executor import get_memmapping_executor  # the one that joblib.Parallel goes on with in this process

    one_thread = dict.fromkeys(_THREADS, "1")
    executor = get_memmapping_executor(n_processes, timeout=_IDLE_SECONDS, env=one_thread)
    try:
        yield executor
    except BaseException:
        # Also when it is broken: a killed process closes its files before it counts as dead, so wait for all of them.
        executor.shutdown(wait=True, kill_workers=True)
        raise


def n_cores() -> int:
    """Count the cores this process may use; 1 where the library of processes is not installed."""
    try:
        import joblib
    except ModuleNotFoundError:
        return 1
    return int(joblib.cpu_count())
