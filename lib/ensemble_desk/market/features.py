"""Causal indicators of bars, free of the price's scale, each with a memory of one hundred bars at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ensemble_desk.errors import InvalidFeaturesError, MissingFeaturesError, TooFewBarsError
from ensemble_desk.market import bars
from ensemble_desk.market.windows import Floats, macd_weights, trailing, wilder_weights

FEATURE_NAMES: tuple[str, ...] = (
    "return_1",
    "return_5",
    "return_10",
    "return_20",
    "volatility_5",
    "volatility_20",
    "volatility_60",
    "range_volatility_20",
    "volatility_ratio_5_20",
    "rsi_14",
    "macd",
    "macd_histogram",
    "close_to_sma_10",
    "close_to_sma_20",
    "close_to_sma_50",
    "atr_14",
    "bollinger_position_20",
    "stochastic_k_14",
    "stochastic_d_14",
    "volume_ratio_20",
    "range_position_60",
    "day_of_week",
    "month",
    "time_of_day",
)
"""Returns and volatilities are of log prices per bar; macd, atr and distances are shares of the close; rsi and
stochastic run 0..100, positions 0..1 within their band (Bollinger's may leave it); day_of_week is 0 on Monday, month
1..12, time_of_day in hours; these three as the clocks of a zone show, by default UTC."""

MEMORY_BARS = 100
"""Bars, the current one included, that a row is computed from; the recursive averages of RSI, ATR and MACD start anew
on the oldest of them, so a short upload and the full history give the same row."""

WARM_UP_BARS = MEMORY_BARS - 1
"""Bars at the start that have no row."""

FLAT = 1e-12  # a spread below this share of the price is rounding, not movement


@dataclass(frozen=True, slots=True, eq=False)
class _Series:
    """The columns of n bars as arrays, and how many of the last bars get a row."""

    rows: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def last(self, values: Floats) -> Floats:
        return values[-self.rows :]


def compute(frame: pd.DataFrame, *, subject: str = "The price table", zone: str = "UTC") -> pd.DataFrame:
    """Compute every feature at every bar after warm-up from that bar and the 99 before it.

    ``zone`` is that of the exchange, whose day an intraday bar is part of: in UTC its hours shift with the summer.

    Takes bars as `bars.check` wants them, shape (n, 5); gives shape (n - WARM_UP_BARS, n_features), float64,
    without NaN. Where a ratio has no denominator it takes the value of "nothing unusual": no movement gives rsi_14 and
    the stochastics 50 and positions 0.5, no volume in twenty bars gives volume_ratio_20 1, no volatility gives
    volatility_ratio_5_20 1.

    Raises
    ------
    InvalidBarsError, TooFewBarsError
    """
    checked = bars.check(frame, subject=subject)
    rows = len(checked) - WARM_UP_BARS
    if rows < 1:
        raise TooFewBarsError(subject, have=len(checked), need=MEMORY_BARS, purpose="computing features")
    columns = [np.ascontiguousarray(checked[name].to_numpy()) for name in bars.COLUMNS]
    series = _Series(rows, *columns)
    index = pd.DatetimeIndex(checked.index)[WARM_UP_BARS:]
    found: dict[str, Floats] = {
        **_returns(series),
        **_volatilities(series),
        **_momentum(series),
        **_bands(series),
        **_calendar(index if zone == "UTC" else index.tz_convert(zone)),
    }
    return pd.DataFrame(np.column_stack([found[name] for name in FEATURE_NAMES]), index, list(FEATURE_NAMES))


def require(frame: pd.DataFrame, names: Sequence[str], *, version: str, gaps: bool = False) -> pd.DataFrame:
    """Select and order ready-made features, shape (n, len(names)), float64.

    With ``gaps`` a number may be missing, for those who fill it.

    Raises
    ------
    MissingFeaturesError
        With the names of all missing columns; nothing is filled in here.
    InvalidFeaturesError
        When a column occurs twice, is not numeric, or holds NaN or infinite values, or when there are no rows.
    """
    if ready(frame, names) is not None:
        return frame
    if missing := [name for name in names if name not in frame.columns]:
        raise MissingFeaturesError(missing, version=version)
    chosen = frame[list(names)]
    if problem := _table_problem(chosen, names):
        raise InvalidFeaturesError(problem)
    values = chosen.to_numpy(np.float64, na_value=np.nan)
    looked_at = np.where(np.isnan(values), 0.0, values) if gaps else values
    if problem := _value_problem(looked_at, names):
        raise InvalidFeaturesError(problem)
    return pd.DataFrame(values, index=chosen.index, columns=list(names))


def chosen(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Select columns that are all there, in this order; the frame itself where it holds just them."""
    return frame if frame.columns.tolist() == list(names) else frame[list(names)]


def ready(frame: pd.DataFrame, names: Sequence[str]) -> Floats | None:
    """Give the values of a frame that is just what is required, shape (n, len(names)); None for any other.

    The usual case, on the path of every forecast.
    """
    if not len(frame) or frame.columns.tolist() != list(names):
        return None
    values = frame.to_numpy()
    return values if values.dtype == np.float64 and bool(np.isfinite(values).all()) else None


def _table_problem(chosen: pd.DataFrame, names: Sequence[str]) -> str:
    if chosen.shape[1] != len(names):
        doubled = sorted(set(chosen.columns[chosen.columns.duplicated()]))
        return f"column {', '.join(doubled)} occurs more than once"
    if textual := [name for name in names if chosen[name].dtype.kind not in "iufb"]:
        return f"column {', '.join(textual)} holds no numbers"
    return "there are no rows" if chosen.empty else ""


def _value_problem(values: Floats, names: Sequence[str]) -> str:
    broken = ~np.isfinite(values)
    if not broken.any():
        return ""
    columns = ", ".join(names[i] for i in np.flatnonzero(broken.any(axis=0)).tolist())
    rows = np.flatnonzero(broken.any(axis=1))
    return f"{len(rows)} row(s), the first is row {rows[0] + 1}, lack a finite number in {columns}"


def _returns(series: _Series) -> Mapping[str, Floats]:
    log_close = np.log(series.close)
    spans = (1, 5, 10, 20)
    return {f"return_{span}": series.last(log_close[span:] - log_close[:-span]) for span in spans}


def _volatilities(series: _Series) -> Mapping[str, Floats]:
    moves = np.diff(np.log(series.close))
    found = {
        f"volatility_{length}": trailing(moves, length, rows=series.rows).std(axis=1, ddof=1) for length in (5, 20, 60)
    }
    squared_ranges = np.log(series.high / series.low) ** 2
    parkinson = trailing(squared_ranges, 20, rows=series.rows).mean(axis=1) / (4 * np.log(2))
    found["range_volatility_20"] = np.sqrt(parkinson)
    found["volatility_ratio_5_20"] = _ratio(found["volatility_5"], found["volatility_20"], floor=FLAT, otherwise=1.0)
    return found


def _momentum(series: _Series) -> Mapping[str, Floats]:
    """RSI and ATR by Wilder (1978), MACD by Appel with 12, 26 and 9 bars; each recursion runs over the memory only."""
    close, rows = series.last(series.close), series.rows
    moves, previous = np.diff(series.close), series.close[:-1]
    weights = wilder_weights(14, MEMORY_BARS - 1)
    up = trailing(np.maximum(moves, 0), MEMORY_BARS - 1, rows=rows) @ weights
    down = trailing(np.maximum(-moves, 0), MEMORY_BARS - 1, rows=rows) @ weights
    true_range = np.maximum(series.high[1:], previous) - np.minimum(series.low[1:], previous)
    closes = trailing(series.close, MEMORY_BARS, rows=rows)
    line, signal = macd_weights(12, 26, 9, MEMORY_BARS)
    return {
        "rsi_14": 100 * _ratio(up, up + down, floor=FLAT * close, otherwise=0.5),
        "macd": closes @ line / close,
        "macd_histogram": closes @ (line - signal) / close,
        "atr_14": trailing(true_range, MEMORY_BARS - 1, rows=rows) @ weights / close,
    }


def _bands(series: _Series) -> Mapping[str, Floats]:
    close, rows = series.last(series.close), series.rows
    means = {length: trailing(series.close, length, rows=rows).mean(axis=1) for length in (10, 20, 50)}
    found = {f"close_to_sma_{length}": close / mean - 1 for length, mean in means.items()}
    spread = trailing(series.close, 20, rows=rows).std(axis=1)
    scores = _ratio(close - means[20], spread, floor=FLAT * close, otherwise=0.0)
    found["bollinger_position_20"] = 0.5 + scores / 4  # 0 at two deviations below the mean, 1 at two above
    earlier = rows + 2
    fast = 100 * _position(series, 14, rows=earlier)
    found["stochastic_k_14"] = fast[-rows:]
    found["stochastic_d_14"] = trailing(fast, 3, rows=rows).mean(axis=1)
    found["range_position_60"] = _position(series, 60, rows=rows)
    mean_volume = trailing(series.volume, 20, rows=rows).mean(axis=1)
    found["volume_ratio_20"] = _ratio(series.last(series.volume), mean_volume, floor=0.0, otherwise=1.0)
    return found


def _calendar(index: pd.DatetimeIndex) -> Mapping[str, Floats]:
    return {
        "day_of_week": index.day_of_week.to_numpy(np.float64),
        "month": index.month.to_numpy(np.float64),
        "time_of_day": index.hour.to_numpy(np.float64) + index.minute.to_numpy(np.float64) / 60,
    }


def _position(series: _Series, length: int, *, rows: int) -> Floats:
    """Where the close lies between the lowest low (0) and the highest high (1) of ``length`` bars, shape (rows,)."""
    top = trailing(series.high, length, rows=rows).max(axis=1)
    bottom = trailing(series.low, length, rows=rows).min(axis=1)
    close = series.close[-rows:]
    return _ratio(close - bottom, top - bottom, floor=FLAT * close, otherwise=0.5)


def _ratio(above: Floats, below: Floats, *, floor: float | Floats, otherwise: float) -> Floats:
    """``above / below`` where ``below`` exceeds the floor, else ``otherwise``."""
    return np.divide(above, below, out=np.full_like(above, otherwise), where=below > floor)
