"""Rows of every symbol of a timeframe, for members that learn from all of them; never one from after the cut."""

import functools
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import ratios
from ensemble_desk.ensemble.votes import Pooled
from ensemble_desk.errors import SourceError
from ensemble_desk.market import bars as bar_contract
from ensemble_desk.market import features, labels
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.sources.protocol import BarSource

MOST_SYMBOLS = 64
"""Symbols that are read beside the version's own: more teach a model of fifteen ratios nothing new."""

_MOST_KEPT_BARS = 5_000  # of a symbol whose rows are kept for the next version that learns from them
_log = logging.getLogger(__name__)

_Part = tuple[NDArray[np.float64], NDArray[np.int64], pd.DatetimeIndex]


def peers(source: BarSource, key: Key, *, until: datetime | None) -> dict[str, pd.DataFrame]:
    """Read the bars of the timeframe's other symbols up to a moment; what cannot be read is left out and logged.

    Of more than MOST_SYMBOLS some are taken, evenly by name, the same ones each time.
    """
    others = sorted(one for one in source.keys() if one.timeframe == key.timeframe and one != key)  # noqa: SIM118 - no dict
    if len(others) > MOST_SYMBOLS:
        others = [others[at] for at in np.linspace(0, len(others) - 1, MOST_SYMBOLS).astype(int)]
    found = {}
    for other in others:
        try:
            found[other.symbol] = source.bars(other, until=until).frame
        except SourceError as error:
            _log.info("%s teaches %s nothing: %s", other, key, error)
    return found


def pool(bars: Bars, beside: Mapping[str, pd.DataFrame], *, label: LabelSpec) -> Pooled | None:
    """Compute ratios and classes of all history of these symbols; None where not one has a row.

    Peers are cut at the last bar of the version's own symbol: it knows nothing later.
    """
    last = bars.frame.index[-1]
    frames = {bars.key.symbol: bars.frame} | {name: frame.loc[:last] for name, frame in beside.items()}
    parts = {name: part for name in sorted(frames) if (part := _kept(frames[name], label)) is not None}
    return _together(list(parts.values()), tuple(parts)) if parts else None


def _together(parts: Sequence[_Part], symbols: tuple[str, ...]) -> Pooled:
    known_at = pd.DatetimeIndex(parts[0][2].append([times for _, _, times in parts[1:]]))
    order = np.argsort(known_at.asi8, kind="stable")
    told, classes = (np.concatenate([part[at] for part in parts])[order] for at in (0, 1))
    return Pooled(told, classes, known_at[order], symbols)


class _Seen:
    """Bars that are the same as others of the same times and numbers."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self._digest = frame, bar_contract.digest(frame)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Seen) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)


def _kept(frame: pd.DataFrame, label: LabelSpec) -> _Part | None:
    """Give a symbol's rows, those of the last time where its bars are the same: versions of a day share their peers."""
    return _once(_Seen(frame), label) if len(frame) <= _MOST_KEPT_BARS else _part(frame, label)


@functools.lru_cache(maxsize=MOST_SYMBOLS + 1)
def _once(seen: _Seen, label: LabelSpec) -> _Part | None:
    return _part(seen.frame, label)


def _part(frame: pd.DataFrame, label: LabelSpec) -> _Part | None:
    if len(frame) <= features.WARM_UP_BARS:
        return None
    table = features.compute(frame)
    outcome = labels.label(frame, label).reindex(table.index).to_numpy()
    at = np.flatnonzero(np.isfinite(outcome))
    if not len(at):
        return None
    told = ratios.of(table[list(ratios.FEATURES)].to_numpy()[at])
    decided = pd.DatetimeIndex(frame.index)[at + features.WARM_UP_BARS + label.horizon_bars]
    return told, outcome[at].astype(np.int64), decided
