"""Adjusting prices for splits and dividends, and undoing what rounding does to the range of a bar."""

import numpy as np
import pandas as pd

from ensemble_desk.market.bars import PRICES, spans

ROUNDING = 1e-6


def adjust(frame: pd.DataFrame) -> pd.DataFrame:
    """Multiply open, high, low and close by ``adj_close / close`` and divide the volume by the same factor.

    The factor holds splits and dividends together. Dividing the volume by it keeps price times volume, the money that
    changed hands, exactly as it was: a split leaves no step in the volume. Dividends then raise older volumes by the
    share they took from older prices (below half a percent per ordinary dividend), which a ratio of volumes over a few
    weeks does not see; parting them from splits would take a list of splits that the data does not have.

    Takes a frame with the five bar columns and ``adj_close``; gives the five columns.
    """
    columns = [*PRICES, "volume"]
    values = frame[[*columns, "adj_close"]].to_numpy(np.float64, copy=True)
    with np.errstate(divide="ignore", invalid="ignore"):  # what cannot be a bar is told by `bars.check`
        factor = values[:, -1] / values[:, columns.index("close")]
        values[:, : len(PRICES)] *= factor[:, None]
        values[:, -2] /= factor
    return pd.DataFrame(values[:, :-1], frame.index, columns)


def repair_rounding(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Widen high and low to hold open and close where they miss by at most one part in a million.

    Gives the repaired frame and the number of bars touched. Larger misses are left for `bars.check`.
    """
    opened, high, low, close = (frame[name].to_numpy(np.float64) for name in PRICES)
    missing = (
        (high[rows] < np.fmax(opened[rows], close[rows])) | (low[rows] > np.fmin(opened[rows], close[rows]))
        for rows in spans(len(frame))
    )
    if not any(map(np.any, missing)):
        return frame, 0
    top, bottom = np.fmax(opened, close), np.fmin(opened, close)
    high_off = (high < top) & (high >= top * (1 - ROUNDING))
    low_off = (low > bottom) & (low <= bottom * (1 + ROUNDING))
    off = high_off | low_off
    if not off.any():
        return frame, 0
    repaired = frame.assign(high=np.where(high_off, top, high), low=np.where(low_off, bottom, low))
    return repaired, int(off.sum())
