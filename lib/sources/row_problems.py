"""What is wrong with single rows of an upload, said row by row with the place in the file."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.errors import InvalidBarsError
from lib.market import bars
from lib.sources.cells import quoted
from lib.sources.gathering import Gathered
from lib.sources.spellings import ADJUSTED

_AHEAD = timedelta(days=1)  # a session's date may be that far ahead of UTC


def refuse_wrong_values(file_name: str, rows: Gathered, cells: pd.DataFrame, undated: NDArray[np.bool_]) -> None:
    """Raise InvalidBarsError for rows without a date, with a text for a number, or numbers that cannot be a bar."""
    values = cells[list(bars.COLUMNS)].to_numpy()
    factor = cells[ADJUSTED].to_numpy() if ADJUSTED in cells else np.ones(len(cells))
    unadjusted = ~(np.isfinite(factor) & (factor > 0))

    def sentence(row: int) -> str:
        if undated[row]:
            return f"{rows.place(row)}: there is no date in {quoted(rows.times.iloc[row])}"
        texts = [name for name, wrong in zip(cells.columns, rows.wrong[row], strict=True) if wrong]
        said = [f"{name} {rows.texts[row, name]} is no number" for name in texts]
        said = said or [value for value in [bars.value_complaint(values[row])] if value]
        return f"{rows.place(row)}: {', '.join(said) or 'adj_close is missing or not positive'}"

    wrong = undated | rows.wrong.any(axis=1) | bars.wrong_values(values) | unadjusted
    if wrong.any():
        raise InvalidBarsError(file_name, bars.listed(wrong, sentence))


def refuse_future(file_name: str, rows: Gathered, times: pd.DatetimeIndex, now: datetime | None) -> None:
    """Raise InvalidBarsError for bars of a time that has not come yet; ``now`` None leaves that unchecked."""
    if now is None:
        return
    ahead = np.asarray(times > pd.Timestamp(now + _AHEAD))
    if ahead.any():
        problems = bars.listed(ahead, lambda row: f"{rows.place(row)}: {times[row]:%Y-%m-%d %H:%M} has not come yet")
        raise InvalidBarsError(file_name, problems)


def refuse_disorder(file_name: str, rows: Gathered, times: pd.DatetimeIndex) -> None:
    """Raise InvalidBarsError for bars that are not later than the one before them."""
    wrong = bars.wrong_order(times)
    if wrong.any():
        problems = bars.listed(wrong, lambda row: f"{rows.place(row)}: {bars.order_complaint(times, row)}")
        raise InvalidBarsError(file_name, problems)
