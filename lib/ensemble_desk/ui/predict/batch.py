"""Many rows at once: the newest bars or all of them, as a table to download with version and digest."""

import functools

import pandas as pd
import streamlit as st

from ensemble_desk.forecasting import batches
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import components
from ensemble_desk.ui.predict import forecast as forecast_view
from ensemble_desk.ui.predict import reads as predict_data
from ensemble_desk.ui.predict.upload import Input

_SHOWN = 500
_FIRST = 250
_USUAL = [f"usual_{name}" for name in CLASSES]
_CONSTANT = [*_USUAL, "symbol", "timeframe", "horizon_bars", "version", "sha256"]  # the same on every line
_MADE = "batch_made"  # session state: what the last batch of this session was made of


def show(record: VersionRecord, asked: Input) -> None:
    """Choose how many rows, forecast them, show the newest and offer all for download."""
    n_rows = len(asked.frame)
    with st.form("batch", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        last = st.number_input("Newest rows", 1, n_rows, min(_FIRST, n_rows), key="batch_rows", width=180)
        whole = st.checkbox(f"All {n_rows:,}", key="batch_all")
        pressed = st.form_submit_button("Forecast them", icon=":material/table_rows:", key="batch_submit")
    made_of = (str(record.key), record.version, asked.origin, str(asked.last), n_rows, None if whole else int(last))
    if pressed:
        st.session_state[_MADE] = made_of
    if st.session_state.get(_MADE) != made_of:
        st.caption("Every row is forecast from itself and the rows before it, by the version chosen above.")
        return
    table = _made(record, asked, last=None if whole else int(last))
    _told(table)
    _downloads(record, table)


def _made(record: VersionRecord, asked: Input, *, last: int | None) -> pd.DataFrame:
    bar = st.progress(0.0, "Reading the rows")

    def step(member: str, number: int, n: int) -> None:
        bar.progress((number - 1) / n, f"{member} votes ({number} of {n})")

    table = predict_data.batch(record.key, record.version, asked.frame, last, progress=step)
    bar.empty()
    return table


def _told(table: pd.DataFrame) -> None:
    counts = table["label"].value_counts()
    said = ", ".join(f"{name.capitalize()} {int(counts.get(name, 0)):,}" for name in CLASSES)
    silent = int(table["label"].isna().sum())
    st.markdown(f"**{len(table):,} rows**: {said}{f', without a forecast {silent:,}' if silent else ''}")
    seen = table["in_sample"].fillna(value=False).astype(bool).sum()
    if seen:
        st.caption(f":material/visibility: {int(seen):,} rows are in sample: the version learnt from them.")
    shares = [*CLASSES, "confidence", "agreement", "edge"]
    newest = table[::-1].head(_SHOWN).reset_index(names="time").drop(columns=_CONSTANT)
    newest[shares] *= 100
    dated = isinstance(table.index, pd.DatetimeIndex)
    for name in ("label", "lean"):
        newest[name] = newest[name].astype(object).where(newest[name].isna(), newest[name].astype(str).str.capitalize())
    newest = newest.rename(columns=lambda name: str(name).capitalize().replace("_", " "))
    components.table(
        newest if dated else newest.rename(columns={"Time": "Row"}),
        key="batch_table",
        alt="Forecasts of many rows, newest first",
        columns=dict.fromkeys((name.capitalize() for name in shares), components.percent_column())
        | {"Time": components.time_column("Time")},
    )
    if len(table) > _SHOWN:
        st.caption(f"The newest {_SHOWN} are shown; the downloads hold all {len(table):,}.")


def _downloads(record: VersionRecord, table: pd.DataFrame) -> None:
    with st.container(horizontal=True):
        for name, mime, write in (
            ("CSV", "text/csv", batches.to_csv),
            ("Parquet", "application/vnd.apache.parquet", batches.to_parquet),
        ):
            st.download_button(
                f"Download all as {name}",
                functools.partial(write, table),
                file_name=forecast_view.file_name(record, f"batch.{name.lower()}"),
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"batch_{name.lower()}",
            )
    st.caption(f"Every line carries version {record.version} and its digest {record.sha256[:12]}….")
