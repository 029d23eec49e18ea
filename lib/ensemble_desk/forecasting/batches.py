"""Many rows forecast by one version at once, each line stamped with the version and the digest of its artifact."""

import re
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.ensemble.ballot import Progress
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving

_RUN = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet takes a text that begins so for a formula

_SIGNED = re.compile(r"[+-]\d(?!.*\w\()[^|!=@&\"']*")  # a number first, and neither a call nor another program in it


def forecast(
    registry: Registry,
    key: Key,
    version: str,
    frame: pd.DataFrame,
    *,
    last: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Forecast every row of bars or ready features, or the ``last`` ones, at the trained horizon.

    Returns
    -------
    One line per row, with the rows' index: BEARISH, NEUTRAL, BULLISH, label, confidence, agreement, lean, edge,
    in_sample, usual_BEARISH, usual_NEUTRAL, usual_BULLISH, symbol, timeframe, horizon_bars, version, sha256. Bars
    before the features begin have no line; a line on which every member abstains has no label. horizon_bars is None
    where nobody has told the version's label; without usual rates there is neither lean nor edge.

    Raises
    ------
    What the forecast of a single row raises.
    """
    record = versions.get(registry, key, version)
    ensemble = serving.ensemble_of(registry, key, version)
    table = ensemble.predict_batch(frame, last=last, progress=progress)
    traits = ensemble.ensemble_manager.ensemble.traits
    dated, last_bar = isinstance(table.index, pd.DatetimeIndex), record.last_bar
    return table.assign(
        in_sample=None if last_bar is None or not dated else table.index <= pd.Timestamp(last_bar),
        **{f"usual_{name}": rate for name, rate in zip(CLASSES, traits.usual or (np.nan,) * 3, strict=True)},
        symbol=_constant(key.symbol, len(table)),
        timeframe=_constant(key.timeframe, len(table)),
        horizon_bars=traits.label.horizon_bars if traits.label else None,
        version=_constant(version, len(table)),
        sha256=_constant(record.sha256, len(table)),
    )


def _constant(value: str, n_rows: int) -> Any:
    """The same text on every row, held once."""
    return pd.Categorical.from_codes(np.zeros(n_rows, dtype=np.int8), categories=pd.Index([value]))


def to_csv(table: pd.DataFrame) -> bytes:
    return harmless(table).to_csv(date_format="%Y-%m-%dT%H:%M:%SZ").encode()


def to_parquet(table: pd.DataFrame) -> bytes:
    return table.to_parquet()


def harmless(table: pd.DataFrame, *, signed: bool = False) -> pd.DataFrame:
    """Put an apostrophe before texts, headings and index too, that a spreadsheet would take for a formula.

    With ``signed`` texts that tell a number with its sign stay as they are: for tables that people look at.
    """

    def cell(value: object) -> object:
        runs = isinstance(value, str) and value.startswith(_RUN)
        return f"'{value}" if runs and not (signed and _SIGNED.fullmatch(str(value))) else value

    made = table.rename(columns=cell, index=cell)
    for at, kind in enumerate(made.dtypes):
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind):
            made.isetitem(at, made.iloc[:, at].astype(object).map(cell).array)
    return made
