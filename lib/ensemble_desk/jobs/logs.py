"""The log of a command: to standard error, one line a record, without secrets."""

import logging
import sys
from collections.abc import Sequence

from ensemble_desk.errors import redaction
from ensemble_desk.settings import Settings

_LOUD = ("cmdstanpy", "prophet", "matplotlib", "alembic", "sqlalchemy", "apprise", "urllib3", "requests", "httpx")


class _Discreet(logging.Formatter):
    """Writes a record, with its traceback, and takes secrets out of the whole of it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return redaction.redacted(super().format(record), self._secrets)


def begin(settings: Settings) -> None:
    """Set the log up, unless the program that calls us has one; whoever has, keeps secrets out of the new one."""
    logging.basicConfig(stream=sys.stderr, level=settings.log_level)
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(_Discreet(settings.secrets))
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
