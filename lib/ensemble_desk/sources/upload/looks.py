"""Whether bars look right: unadjusted splits, prices a hundred times too high, still stretches, stale or open bars."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.market import bars, timeframes
from ensemble_desk.market.bars import PRICES
from ensemble_desk.sources.upload import session_dates
from ensemble_desk.sources.upload.recognition import Warned

_SPLITS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0)
_LIKE_A_SPLIT = 0.04  # of the ratio
_UNLIKE_A_DAY = 8.0  # times what the price usually moves from one close to the next open
_LEAST_MOVE, _LEAST_LOOKED_AT = 0.25, 0.2
_HUNDRED = (60.0, 160.0)
_STILL = 5
_SHOWN = 5
_STALE = {"m15": timedelta(days=5), "h1": timedelta(days=5), "h4": timedelta(days=6), "d1": timedelta(days=7)}
_STALE_WEEKS = timedelta(days=21)
_YEAR = timedelta(days=365)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Step:
    """A place at which the scale of the prices changes: the bar it begins with, and the older price over the newer."""

    row: int
    ratio: float


def at(
    frame: pd.DataFrame,
    *,
    timeframe: str,
    now: datetime | None,
    sessions: pd.DatetimeIndex | None,
    currencies: tuple[str, ...],
) -> tuple[Warned, ...]:
    """Everything that does not look right, the most important first.

    Parameters
    ----------
    frame : bars as the contract has them.
    now : tells stale bars and those still forming; unchecked by default.
    sessions : the days on which the exchange opens, where they are known.
    """
    found = [*(_scales(frame) or _splits(frame)), *_still(frame), *_money(currencies)]
    if timeframe == "d1":
        found += _days(pd.DatetimeIndex(frame.index), sessions)
    if now is not None:
        found += _newest(pd.DatetimeIndex(frame.index)[-1], timeframe, now)
    return tuple(found)


def hundreds(frame: pd.DataFrame) -> Flags:
    """The bars whose prices are a hundred times those of the others, or a hundredth, shape (n,); the fewer ones."""
    steps = _jumps(frame["close"].to_numpy(), *_HUNDRED)
    high = np.zeros(len(frame), np.int64)
    for row, up in steps:
        high[row:] += 1 if up else -1
    if not steps or high.max() - high.min() != 1:
        return np.zeros(len(frame), np.bool_)
    above = high == high.max()
    flags: Flags = above if above.sum() * 2 <= len(frame) else ~above
    return flags


def rescaled(frame: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Bring the fewer bars of another scale to that of the others, and tell how many there were."""
    wrong = hundreds(frame)
    if not wrong.any():
        return frame, 0
    medians = frame["close"].to_numpy()
    factor = 1 / 100 if np.median(medians[wrong]) > np.median(medians[~wrong]) else 100.0
    changed = frame.copy()
    changed.loc[wrong, list(PRICES)] *= factor
    return changed, int(wrong.sum())


def splits(frame: pd.DataFrame) -> tuple[Step, ...]:
    """Where prices step by the ratio of a split between one close and the next open, and stay there."""
    opened, close = frame["open"].to_numpy(), frame["close"].to_numpy()
    if len(close) < _STILL:
        return ()
    ratio = close[:-1] / opened[1:]
    if not ((ratio > 1 + _LEAST_LOOKED_AT) | (ratio < 1 / (1 + _LEAST_LOOKED_AT))).any():  # as nearly all bars are
        return ()
    usual = float(np.median(np.abs(np.log(ratio)))) + float(np.median(np.abs(np.diff(np.log(close)))))
    found = []
    for row in np.flatnonzero(np.abs(np.log(ratio)) > max(np.log1p(_LEAST_MOVE), _UNLIKE_A_DAY * usual)).tolist():
        change = float(ratio[row])
        size = max(change, 1 / change)
        near = min(_SPLITS, key=lambda one: abs(size / one - 1))
        within = abs(size / near - 1) <= max(_LIKE_A_SPLIT, 2 * usual)
        after = close[row + 1 : row + 1 + _STILL]
        stays = bool(np.all(np.abs(np.log(after / opened[row + 1])) < np.log(size) / 2))
        if within and stays:
            found.append(Step(row + 1, near if change > 1 else 1 / near))
    return tuple(found)


def split_adjusted(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Step, ...]]:
    """Divide the prices before each split by its ratio and multiply their volumes by it."""
    found = splits(frame)
    changed = frame.copy()
    for step in found:
        before = changed.index[: step.row]
        changed.loc[before, list(PRICES)] /= step.ratio
        changed.loc[before, "volume"] *= step.ratio
    return changed, found


def _jumps(close: Floats, least: float, most: float) -> list[tuple[int, bool]]:
    every = close[1:] / close[:-1]
    far = np.flatnonzero((every > least / 2) | (every < 2 / least))
    ratio = every[far]
    up = (ratio > least) & (ratio < most)
    down = (1 / ratio > least) & (1 / ratio < most)
    return [(int(row) + 1, bool(rises)) for row, rises, falls in zip(far, up, down, strict=True) if rises or falls]


def _scales(frame: pd.DataFrame) -> list[Warned]:
    wrong = hundreds(frame)
    if not wrong.any():
        return []
    which = f"{int(wrong.sum()):,} of {len(frame):,} bars"
    what = f"The prices of {which} are about 100 times the others, or a hundredth of them, as pence beside pounds are"
    offer = "Bring them to the scale of the others"
    return [Warned(what, _dates(frame, wrong), "rescale", value=True, offer=offer, option="--rescale")]


def _splits(frame: pd.DataFrame) -> list[Warned]:
    found = splits(frame)
    if not found:
        return []
    rows = np.zeros(len(frame), np.bool_)
    rows[[step.row for step in found]] = True
    first = found[0]
    ratio = f"{first.ratio:g} to 1" if first.ratio > 1 else f"1 to {1 / first.ratio:g}"
    change = frame["open"].iloc[first.row] / frame["close"].iloc[first.row - 1] - 1
    moved = "fall" if change < 0 else "rise"
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    what = f"Prices {moved} by {abs(change):.0%} from one bar to the next, as an unadjusted split of {ratio} does{more}"
    offer = "Adjust the older prices for it"
    return [Warned(what, _dates(frame, rows), "adjust_splits", value=True, offer=offer, option="--adjust-splits")]


def _still(frame: pd.DataFrame) -> list[Warned]:
    opened, high, low, close = bars.numbers(frame, PRICES).T
    flat = (high == low) & (opened == high) & (close == high)
    if np.count_nonzero(flat) < _STILL:
        return []
    same = np.concatenate(([False], flat[1:] & flat[:-1] & (close[1:] == close[:-1])))
    others = np.concatenate((np.flatnonzero(~same), [len(same)]))
    runs = np.diff(others) - 1
    longest = int(runs.max(initial=0))
    end = int(others[1:][runs.argmax()]) - 1 if longest else 0
    if longest + 1 < _STILL:
        return []
    rows = np.zeros(len(frame), np.bool_)
    rows[[end - longest, end]] = True
    traded = "no volume" if not frame["volume"].iloc[end - longest + 1 : end + 1].any() else "volume"
    what = f"{longest + 1:,} bars on end have one and the same price and {traded}, as a suspended symbol has"
    return [Warned(what, _dates(frame, rows))]


def _money(currencies: tuple[str, ...]) -> list[Warned]:
    return (
        []
        if len(currencies) <= 1
        else [Warned(f"Prices are in more than one currency: {', '.join(currencies[:_SHOWN])}")]
    )


def _days(days: pd.DatetimeIndex, sessions: pd.DatetimeIndex | None) -> list[Warned]:
    weekend = np.asarray(days.day_of_week >= 5)  # noqa: PLR2004 - Saturday
    found = []
    if weekend.any():
        shift = session_dates.mending_shift(days)
        what = f"{int(weekend.sum()):,} of {len(days):,} bars are of Saturdays or Sundays"
        offer = f"Move all dates by {shift:+d} day, then none is" if shift else ""
        option = f"--shift-days {shift}" if shift else ""
        found.append(Warned(what, _shown(days[weekend]), "shift_days" if shift else "", shift, offer, option))
    if sessions is None or not len(sessions):
        return found
    within = sessions[(sessions >= days[0]) & (sessions <= days[-1])]
    missing = within.difference(days)
    if len(missing):
        what = (
            "1 session of the exchange has" if len(missing) == 1 else f"{len(missing):,} sessions of the exchange have"
        )
        found.append(Warned(f"{what} no bar", _shown(missing)))
    compared = days[(days >= sessions[0]) & (days <= sessions[-1]) & ~weekend]
    closed = compared.difference(sessions)
    if len(closed):
        what = "1 bar is of a day" if len(closed) == 1 else f"{len(closed):,} bars are of days"
        found.append(Warned(f"{what} on which the exchange was closed", _shown(closed)))
    return found


def _newest(last: pd.Timestamp, timeframe: str, now: datetime) -> list[Warned]:
    age = now - last.to_pydatetime()
    sessions = timeframe in timeframes.OF_SESSIONS
    forms = last.date() >= now.date() if sessions else age < timeframes.get(timeframe).span
    if forms:
        return [
            Warned(f"The newest bar, of {_moment(last)}, may still be forming: its session is not over for certain")
        ]
    if age > _STALE.get(timeframe, _STALE_WEEKS):
        return [Warned(f"The newest bar, of {_moment(last)}, is {_old(age)} old")]
    return []


def _old(age: timedelta) -> str:
    years, days = age // _YEAR, age.days
    return f"{years} year{'s' if years > 1 else ''}" if years else f"{days} days"


def _moment(time: pd.Timestamp) -> str:
    return f"{time:%Y-%m-%d}" if time == time.normalize() else f"{time:%Y-%m-%d %H:%M}"


def _dates(frame: pd.DataFrame, rows: Flags) -> tuple[str, ...]:
    return _shown(pd.DatetimeIndex(frame.index[rows]))


def _shown(days: pd.DatetimeIndex) -> tuple[str, ...]:
    rest = len(days) - _SHOWN
    return (*map(_moment, days[:_SHOWN]), *((f"and {rest:,} more",) if rest > 0 else ()))
