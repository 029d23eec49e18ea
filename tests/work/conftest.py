"""Fixtures of work on many keys: a cluster of two processes of this machine."""

import pytest


@pytest.fixture(scope="session")
def cluster():
    """A scheduler and two workers with one thread each; a worker that is killed comes again."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as running:
        yield running
