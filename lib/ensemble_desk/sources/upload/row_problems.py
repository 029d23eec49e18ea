"""What is wrong with single rows of an upload, said row by row with the place in the file."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import InvalidBarsError, RepeatedBarsError, UnsortedBarsError, UploadError
from ensemble_desk.market import bars
from ensemble_desk.market.spellings import ADJUSTED
from ensemble_desk.sources.upload.cells.table import quoted
from ensemble_desk.sources.upload.gathering import Gathered

Flags = NDArray[np.bool_]

_FEW = 20
_AHEAD = timedelta(days=1)  # a session's date may be that far ahead of UTC


def unusable(rows: Gathered, cells: pd.DataFrame, undated: Flags) -> Flags:
    """Rows without a date, with a text for a number, or with numbers that cannot be a bar, shape (n,)."""
    wrong = undated | bars.wrong_values(bars.numbers(cells))
    if ADJUSTED in cells:
        factor = cells[ADJUSTED].to_numpy()
        wrong |= ~(np.isfinite(factor) & (factor > 0))
    if rows.wrong.any():
        wrong |= rows.wrong.any(axis=1)
    return np.asarray(wrong)


def repeated(times: pd.Series, cells: pd.DataFrame) -> Flags:
    """Rows that give an earlier row's bar once more, number for number, shape (n,)."""
    steps = np.diff(pd.DatetimeIndex(times).asi8)
    if (steps > 0).all() or (steps < 0).all() or times.is_unique:
        return np.zeros(len(times), np.bool_)
    return cells.assign(time=times.to_numpy()).duplicated().to_numpy(np.bool_)


def refuse_wrong_rows(file_name: str, rows: Gathered, cells: pd.DataFrame, times: pd.Series) -> None:
    """Raise InvalidBarsError for rows that are unusable or repeated; the rest could do without them."""
    undated = times.isna().to_numpy()
    wrong = unusable(rows, cells, undated)
    twice = repeated(times, cells) & ~wrong

    def sentence(row: int) -> str:
        if undated[row]:
            return f"{rows.place(row)}: there is no date in {quoted(rows.times.iloc[row])}"
        if twice[row]:
            return f"{rows.place(row)}: its time occurs more than once, with the same numbers"
        texts = [name for name, wrong in zip(cells.columns, rows.wrong[row], strict=True) if wrong]
        said = [f"{name} {rows.texts[row, name]} is no number" for name in texts]
        said = said or [value for value in [bars.value_complaint(values[row])] if value]
        return f"{rows.place(row)}: {', '.join(said) or 'adj_close is missing or not positive'}"

    n_wrong = int((wrong | twice).sum())
    if n_wrong:
        values = bars.numbers(cells)
        separable = n_wrong if n_wrong < len(rows.times) else 0
        raise InvalidBarsError(file_name, bars.listed(wrong | twice, sentence), n_separable=separable)


def refuse_standstill(file_name: str, frame: pd.DataFrame) -> None:
    """Raise UploadError when every price of more than a few bars is one number: nothing can be told from that."""
    prices = bars.numbers(frame, bars.PRICES)
    if len(prices) >= _FEW and prices[0, 0] == prices[-1, -1] and np.ptp(prices) == 0:
        problem = f"all prices of its {len(prices):,} bars are {prices[0, 0]:,.6g}, which tells nothing"
        raise UploadError(file_name, [f"{problem}. Check which columns hold the prices, or export the table again."])


def refuse_future(file_name: str, rows: Gathered, times: pd.DatetimeIndex, now: datetime | None) -> None:
    """Raise InvalidBarsError for bars of a time that has not come yet; ``now`` None leaves that unchecked."""
    if now is None:
        return
    ahead = np.asarray(times > pd.Timestamp(now + _AHEAD))
    if ahead.any():
        problems = bars.listed(ahead, lambda row: f"{rows.place(row)}: {times[row]:%Y-%m-%d %H:%M} has not come yet")
        raise InvalidBarsError(file_name, problems)


def other_bar_of_its_time(times: pd.DatetimeIndex) -> Flags:
    """Rows whose time an earlier row has as well, shape (n,)."""
    return times.duplicated(keep="first")


def refuse_disorder(file_name: str, rows: Gathered, times: pd.DatetimeIndex) -> None:
    """Raise an error for bars that are not later than the one before them.

    Raises
    ------
    RepeatedBarsError
        When a time occurs more than once, with different numbers.
    UnsortedBarsError
        When the rows only stand in another order.
    """
    again = other_bar_of_its_time(times)
    if again.any():
        problems = bars.listed(again, lambda row: f"{rows.place(row)}: its time occurs more than once")
        raise RepeatedBarsError(file_name, problems)
    wrong = bars.wrong_order(times)
    if wrong.any():
        problems = bars.listed(wrong, lambda row: f"{rows.place(row)}: {bars.order_complaint(times, row)}")
        raise UnsortedBarsError(file_name, problems)
