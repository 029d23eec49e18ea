"""One log of the server: what Streamlit says, errors of pages included, goes where ours goes and loses its secrets."""

import logging

from streamlit import logger as streamlits

from ensemble_desk.settings import Settings
from ensemble_desk.work import logs

_SILENT = "uvicorn.access"  # Streamlit has uvicorn keep requests to itself


def begin(settings: Settings) -> None:
    """Set the log up, and hand it what Streamlit would print by itself, now and from loggers that it makes later."""
    logs.begin(settings)
    streamlits.setup_formatter = _hand_on
    streamlits.update_formatter()


def _hand_on(logger: logging.Logger) -> None:
    if logger.name != _SILENT:
        logger.handlers.clear()
        logger.propagate = True
