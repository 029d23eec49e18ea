"""Room on the registry's disk that only pruning uses: something must be written before anything can go."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ensemble_desk.settings import Settings

LEAST_VERSIONS = 20  # with fewer there is nothing to prune
_NAME = "reserve"
_BYTES = 8 * 2**20  # the tombstones of one key with a hundred versions, and the log of that transaction
_BLOCK = bytes(2**16)


def keep(settings: Settings) -> None:
    """Set the room aside, unless it is there; where there is none left, or nothing may be written, nothing happens."""
    file = _file(settings)
    with suppress(OSError):
        if file.exists() or not file.parent.is_dir():
            return
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            for _ in range(_BYTES // len(_BLOCK)):
                os.write(descriptor, _BLOCK)
        except OSError:
            file.unlink()
        finally:
            os.close(descriptor)


@contextmanager
def given_up(settings: Settings) -> Iterator[None]:
    """Give the room up for what is done inside, and set it aside again afterwards."""
    file = _file(settings)
    there = file.exists()
    with suppress(OSError):
        file.unlink(missing_ok=True)
    try:
        yield
    finally:
        if there:
            keep(settings)


def _file(settings: Settings) -> Path:
    """Name the file: beside the database, or beside the ledger where the database is a server's."""
    url = settings.registry_url.partition("?")[0]
    database = url.removeprefix("sqlite:///")
    beside = Path(database) if database != url else settings.ledger_files[0]
    return beside.with_name(_NAME)
