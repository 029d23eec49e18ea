"""Adjusting prices for splits and dividends, and undoing what rounding does to the range of a bar."""

import numpy as np
import pandas as pd

from ensemble_desk.market.bars import PRICES

ROUNDING = 1e-6


def adjust(frame: pd.DataFrame) -> pd.DataFrame:
    """Multiply open, high, low and close by ``adj_close / close`` and divide the volume by the same factor.

    The factor holds splits and dividends together. Dividing the volume by it keeps price times volume, the money that
    changed hands, exactly as it was: a split leaves no step in the volume. Dividends then raise older volumes by the
    share they took from older prices (below half a percent per ordinary dividend), which a ratio of volumes over a few
    weeks does not see; parting them from splits would take a list of splits that the data does not have.

    Takes a frame with the five bar columns and ``adj_close``; gives the five columns.
    """
    factor = frame["adj_close"] / frame["close"]
    adjusted = frame[[*PRICES, "volume"]].astype(np.float64)
    for name in PRICES:
        adjusted[name] = adjusted[name] * factor
    adjusted["volume"] = adjusted["volume"] / factor
    return adjusted


def repair_rounding(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Widen high and low to hold open and close where they miss by at most one part in a million.

    Gives the repaired frame and the number of bars touched. Larger misses are left for `bars.check`.
    """
    top, bottom = frame[["open", "close"]].max(axis=1), frame[["open", "close"]].min(axis=1)
    high_off = (frame["high"] < top) & (frame["high"] >= top * (1 - ROUNDING))
    low_off = (frame["low"] > bottom) & (frame["low"] <= bottom * (1 + ROUNDING))
    repaired = frame.assign(high=frame["high"].mask(high_off, top), low=frame["low"].mask(low_off, bottom))
    return repaired, int((high_off | low_off).sum())
