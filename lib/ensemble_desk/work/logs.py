"""The log of a program: to standard error, as text or JSON, with the ids of run and request and without secrets."""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ensemble_desk.errors import redaction

if TYPE_CHECKING:
    from ensemble_desk.settings import Settings

_LOUD = (
    "cmdstanpy", "prophet", "matplotlib", "alembic", "sqlalchemy", "apprise", "urllib3", "requests", "httpx",
    "distributed", "asyncio",
)  # fmt: skip
_NOTHING: Mapping[str, str] = {}
_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=_NOTHING)


def ids() -> Mapping[str, str]:
    """Give what every record is marked with here, such as ``run`` and ``request``."""
    return _ids.get()


@contextmanager
def marked(**more: str) -> Iterator[None]:
    """Mark every record that is made meanwhile, in this thread or task, with these ids."""
    before = _ids.set({**_ids.get(), **more})
    try:
        yield
    finally:
        _ids.reset(before)


class _Discreet(logging.Formatter):
    """Writes a record as text, with its traceback, and takes secrets out of the whole of it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secrets)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        told = " ".join(f"{name}={one}" for name, one in ids().items())
        return f"{super().formatMessage(record)}{told and f' [{told}]'}"

    def format(self, record: logging.LogRecord) -> str:
        return redaction.redacted(super().format(record), self._secrets)


def begin(settings: "Settings") -> None:
    """Set the log up, unless the program that calls us has one; whoever has, keeps secrets out of the new one."""
    logging.basicConfig(stream=sys.stderr, level=settings.log_level)
    for handler in logging.getLogger().handlers:
        if type(handler) is logging.StreamHandler:
            handler.setFormatter(formatter(settings))
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(settings: "Settings") -> logging.Formatter:
    """Make what writes a record: one line of text, or one JSON object with its ids as fields."""
    if settings.log_format == "text":
        return _Discreet(settings.secrets)
    import structlog  # only whoever wants JSON waits for it

    def add_ids(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.update(ids())
        return event

    def take_secrets_out(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, told in event.items():  # before it is JSON, whose quotes must stay whole
            event[name] = redaction.redacted(told if isinstance(told, str) else str(told), settings.secrets)
        return event

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_ids,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            take_secrets_out,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
