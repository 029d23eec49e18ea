"""Libraries that not every installation has, and the extra of this package that brings each."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ensemble_desk.errors.base import DeskError

EXTRA_OF = {
    "apprise": "train",
    "arch": "train",
    "bokeh_sampledata": "demo",
    "charset_normalizer": "files",
    "exchange_calendars": "files",
    "distributed": "dask",
    "fastapi": "api",
    "joblib": "train",
    "lz4": "train",
    "onnxruntime": "onnx",
    "obstore": "s3",
    "openpyxl": "files",
    "plotly": "dashboard",
    "prometheus_client": "api",
    "prophet": "train",
    "psutil": "train",
    "psycopg": "postgres",
    "pyarrow": "files",
    "python_calamine": "files",
    "scipy": "train",
    "sklearn": "train",
    "statsmodels": "train",
    "streamlit": "dashboard",
    "tenacity": "postgres",
    "threadpoolctl": "train",
    "torch": "lstm",
    "uvicorn": "api",
    "yfinance": "yahoo",
}
"""The extra to install for each library, by the name it is imported under."""


class MissingExtraError(DeskError, ImportError):
    """Something was used whose library comes with an extra that is not installed."""

    def __init__(self, library: str, *, extra: str = "") -> None:
        self.library, self.extra = library, extra or EXTRA_OF[library]
        super().__init__(
            f'This needs {library}, which is not installed. Run: pip install "ensemble-desk[{self.extra}]"'
        )


_gate = threading.RLock()


def _new_gate() -> None:
    global _gate  # noqa: PLW0603 - the thread that holds it is not part of a forked process
    _gate = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_gate)


@contextmanager
def needed() -> Iterator[None]:
    """Import libraries of an extra in here; raises MissingExtraError, which names the command, when one is missing.

    One thread imports at a time. Modules of scikit-learn and SciPy import each other in circles, and Python lets two
    threads that would wait for each other there go on with modules that are half made.
    """
    try:
        with _gate:
            yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRA_OF:
            raise
        raise MissingExtraError(library) from error
