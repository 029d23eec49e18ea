"""A Dask cluster that work is done on: its workers run the release of this program, or nothing is started."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ensemble_desk.errors import ClusterError, OtherReleaseError, extras
from ensemble_desk.work import release

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE_SECONDS = 10


@contextmanager
def connected(address: str, *, one_machine: bool) -> Iterator["Client"]:
    """Connect to a scheduler, and look at its workers.

    Parameters
    ----------
    one_machine : whether the work can be done on this machine only, for the database is a file of it.

    Raises
    ------
    ClusterError
        When nobody answers, no worker is there, or one is on another machine and must not be.
    OtherReleaseError
    MissingExtraError
    """
    with extras.needed():
        import distributed
    try:
        client = distributed.Client(address, timeout=_PATIENCE_SECONDS, set_as_default=False, name="desk")
    except (OSError, ValueError) as error:
        raise ClusterError(address, str(error).rstrip(".") or "nobody answers") from error
    try:
        check(client, address, one_machine=one_machine)
        yield client
    finally:
        client.close(timeout=_PATIENCE_SECONDS)


def check(client: "Client", address: str, *, one_machine: bool) -> None:
    """Refuse workers that run another release, or that cannot reach what the work needs."""
    try:
        told: dict[str, Any] = client.run(release.here_and_host, on_error="return")
    except OSError as error:
        raise ClusterError(address, f"its workers do not answer ({error})") from error
    if not told:
        raise ClusterError(address, "it has no worker")
    mine, host = release.here_and_host()
    found = {worker: one if isinstance(one, tuple) else (f"none ({one})", host) for worker, one in told.items()}
    if others := {worker: theirs for worker, (theirs, _) in found.items() if theirs != mine}:
        raise OtherReleaseError(address, here=mine, there=others)
    elsewhere = sorted({there for _, there in found.values()} - {host})
    if one_machine and elsewhere:
        problem = (
            f"the registry is a SQLite file of {host}, which workers on {', '.join(elsewhere)} must not write. "
            "Keep it in PostgreSQL, see DESK_DATABASE_URL"
        )
        raise ClusterError(address, problem)


def executor(client: "Client") -> Executor:
    """Give what tasks are submitted to; the scheduler itself repeats what a lost worker had begun."""
    found: Executor = client.get_executor(pure=False)
    return found


def n_threads(client: "Client") -> int:
    return max(1, int(sum(client.nthreads().values())))
