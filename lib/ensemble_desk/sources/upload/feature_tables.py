"""From a table of cells to a frame of ready features, or of bars with features beside them."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import UploadError
from ensemble_desk.market import bars
from ensemble_desk.market.spellings import DAY, TIME
from ensemble_desk.sources.upload.cells import numerals, times
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.numerals import Style
from ensemble_desk.sources.upload.cells.table import Column, Table
from ensemble_desk.sources.upload.columns import meanings as columns
from ensemble_desk.sources.upload.columns.meanings import Found


def read(table: Table, *, day_first: bool | None) -> pd.DataFrame:
    """Every column but the times, numbers as float64; see `ensemble_desk.sources.upload.reading.read_table`."""
    found = columns.recognise(table.columns, table.sample)
    dates = [found.fields[name].label for name in (TIME, DAY) if name in found.fields]
    others = [column for column in table.columns if column.label not in dates]
    if not others:
        raise UploadError(table.file_name, ["it holds times and nothing else. Add the columns of features."])
    written = numerals.style([table.sample[column.label] for column in others], separator=table.separator)
    frame, written_times, places = _gathered(table, others, found, written)
    if TIME not in found.fields:
        return _renamed(frame)
    read_times = times.parse(written_times, day_first=day_first, serial_days=table.kind == "Excel")
    times.refuse_unreadable(read_times, written_times, file_name=table.file_name)
    undated = read_times.utc.isna().to_numpy()
    if undated.any():
        problems = bars.listed(
            undated,
            lambda row: f"{table.unit} {places[row]}: there is no date in {cells.quoted(written_times.iloc[row])}",
        )
        raise UploadError(table.file_name, problems)
    return _renamed(frame).set_index(pd.DatetimeIndex(read_times.utc, name="time").as_unit("us"))


def _gathered(
    table: Table, others: Sequence[Column], found: Found, written: Style
) -> tuple[pd.DataFrame, pd.Series, NDArray[np.int64]]:
    """All rows: the columns but the times, the times as they stand, and the places; texts take a second reading."""
    parts: dict[str, list[NDArray[np.float64]]] = {column.label: [] for column in others}
    texts: dict[str, list[pd.Series]] = {}
    dates, places = [], []
    n_cells = 0
    for chunk in table.chunks():
        n_cells += chunk.size
        if n_cells > cells.MOST_CELLS:
            raise UploadError(table.file_name, [f"it holds more than {cells.MOST_CELLS:,} cells, too many to read."])
        for label in list(parts):
            values, wrong = numerals.read(chunk[label], written=written)
            parts[label].append(values)
            if wrong.any():
                del parts[label]
                texts[label] = []
        dates.append(columns.time_column(chunk, found) if TIME in found.fields else pd.Series())
        places.append(chunk.index.to_numpy(np.int64))
    for chunk in table.chunks() if texts else ():
        for label, held in texts.items():
            held.append(chunk[label])
    held_by = {label: np.concatenate(values) for label, values in parts.items()}
    held_by |= {label: cells.joined(held).array for label, held in texts.items()}
    frame = pd.DataFrame({column.label: held_by[column.label] for column in others})
    frame.columns = pd.Index([column.shown for column in others])
    return frame, cells.joined(dates), np.concatenate(places)


def _renamed(frame: pd.DataFrame) -> pd.DataFrame:
    """``Close`` becomes ``close``, unless that name is taken."""
    plain = {str(name).strip().lower(): name for name in reversed(frame.columns)}
    return frame.rename(columns={plain[n]: n for n in bars.COLUMNS if n in plain and n not in frame.columns})
