"""What the Predict page reads, cached and bounded: answers, reasons, uploads, earlier forecasts, batches."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from ensemble_desk.ensemble.ballot import Progress
from ensemble_desk.forecasting import batches, consensus, explaining, past_forecasts, uploads
from ensemble_desk.forecasting.consensus import View
from ensemble_desk.forecasting.explaining import Reasons
from ensemble_desk.forecasting.past_forecasts import PastForecast
from ensemble_desk.forecasting.uploads import Uploaded
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import sessions
from ensemble_desk.sources.sessions import SessionCheck
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.ui.frame import caching, monitoring_data
from ensemble_desk.ui.predict import version_forecast as asking
from ensemble_desk.ui.predict.version_forecast import Answer


@caching.remembered(max_entries=64)
def ask(key: Key, name: str, frame: pd.DataFrame, *, every_horizon: bool) -> Answer:
    return asking.ask(caching.registry(), key, name, frame, every_horizon=every_horizon)


@caching.remembered(max_entries=32)
def reasons(key: Key, name: str, frame: pd.DataFrame, weights_used: Mapping[str, float]) -> Reasons:
    return explaining.explain(caching.registry(), key, name, frame, weights_used=weights_used)


@caching.remembered(max_entries=32, also=monitoring_data.newest, shared=True)
def said_before(key: Key, horizon: str, first: datetime, last: datetime) -> tuple[PastForecast, ...]:
    return past_forecasts.read(caching.registry().database, key, horizon=horizon, first=first, last=last)


@caching.remembered(max_entries=32)
def timeframes(symbol: str, until: datetime | None) -> tuple[View, ...]:
    return consensus.views(caching.registry(), symbol, until=until)


@st.cache_resource(max_entries=4, show_spinner=False)
def _shelf(*made_of: object) -> list[pd.DataFrame]:
    """Where the batch made of these things stands once it is there."""
    del made_of
    return []


def batch(key: Key, name: str, frame: pd.DataFrame, last: int | None, *, progress: Progress) -> pd.DataFrame:
    """Forecast many rows, telling how far it is; cached functions cannot tell that, so the result is put on a shelf."""
    shelf = _shelf(key, name, frame, last, caching.mark())
    if not shelf:
        shelf.append(batches.forecast(caching.registry(), key, name, frame, last=last, progress=progress))
    return shelf[0]


@st.cache_data(max_entries=8, show_spinner="Looking the sessions up")
def sessions_of(bars_of: Key, frame: pd.DataFrame) -> SessionCheck:
    """Compare daily bars of an upload with the sessions of the configured exchange."""
    bars = Bars(bars_of, frame, "upload", adjusted=False)
    return sessions.check(bars, calendar=caching.settings().calendar)


@st.cache_data(max_entries=2, show_spinner="Reading the file")
def uploaded(file_id: str, _content: bytes, *, file_name: str, key: Key, version: str, answers: Answers) -> Uploaded:
    """Read an upload; ``file_id`` stands for its content, which may be too large to compare at every rerun."""
    del file_id
    return uploads.read(
        caching.registry(), key, version, _content, file_name=file_name, answers=answers, now=datetime.now(UTC)
    )


def keep_mapping(name: str, content: bytes, *, file_name: str, said: Answers) -> None:
    """Keep what was said about an upload for all files of its shape, and read the next one anew."""
    uploads.keep_mapping(caching.registry(), name, content, file_name=file_name, said=said)
    uploaded.clear()
