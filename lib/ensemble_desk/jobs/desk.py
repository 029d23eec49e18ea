"""What every command opens first: settings, log, registry, and the name that moves are recorded under."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ensemble_desk import settings as settings_module
from ensemble_desk.errors import DeskError
from ensemble_desk.registry import actors, opening
from ensemble_desk.registry.access import tokens
from ensemble_desk.registry.actors import Actor
from ensemble_desk.registry.ledger import anchoring
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.work import logs, places
from ensemble_desk.work.places import Place


def settings() -> Settings:
    """Read the settings and set the log up: to standard error, one line a record."""
    found = settings_module.load()
    logs.begin(found)
    return found


@contextmanager
def registry(*, whatever_the_ledger_says: bool = False, writes_rows: bool = False) -> Iterator[Registry]:
    """Open the registry of these settings for one command; a damaged one only for those who look at the damage.

    When the command ``writes_rows`` of which there are daily digests, the ledger is told of those at its end; where it
    cannot be, the next command tells it.
    """
    opened = opening.open_registry(settings(), whatever_the_ledger_says=whatever_the_ledger_says)
    try:
        yield opened
        if writes_rows:
            with suppress(DeskError):
                anchoring.tell(opened)
    finally:
        opened.close()


def place(found: Settings, jobs: int | None = None) -> Place:
    """Give where work on many keys is done; ``jobs`` is what a person said."""
    return places.of(found, n_jobs=jobs)


def actor(found: Settings, name: str | None) -> Actor:
    """Whoever sits at the command line acts under the name given, else under the settings' one.

    A job that was given a token acts by that token and under its name, whatever else is said. Raises TokenRefusedError.
    """
    if found.token:
        with registry() as opened:
            return tokens.actor_of(opened, found.token)
    local = actors.local(found)
    return Actor(name, local.role) if name else local
