"""One symbol through the eyes of every timeframe: what each production version says, and whether they agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from ensemble_desk.errors import DeskError, UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.market.timeframes import TIMEFRAMES
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving

_USUAL = ("m15", "h1", "h4", "d1", "w1")


@dataclass(frozen=True, slots=True)
class View:
    """What production of one timeframe says of its newest bar.

    Attributes
    ----------
    result : as the forecaster's ``predict`` gives it; None when nothing can be said, and `problem` tells why.
    in_sample : whether the version learnt from the bar it speaks about; None when it does not tell.
    """

    key: Key
    version: str | None = None
    result: Mapping[str, Any] | None = None
    in_sample: bool | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Consensus:
    """The class that more than half of the timeframes that speak expect, None when there is no such class.

    ``agreement`` is the share of those that expect the most frequent class; None when fewer than two speak.
    """

    label: str | None
    agreement: float | None
    n_speaking: int


def views(registry: Registry, symbol: str, *, until: datetime | None = None) -> tuple[View, ...]:
    """Ask production of every timeframe about the newest bar of the source that is not later than ``until``.

    The usual timeframes are shown and those that the symbol has versions of. One that cannot answer (no version, no
    bars, a damaged file) is there with the reason.

    Raises
    ------
    DatabaseError
    """
    has = {key.timeframe for key in versions.keys(registry) if key.symbol == symbol}
    shown = [timeframe for timeframe in TIMEFRAMES if timeframe in _USUAL or timeframe in has]
    return tuple(_view(registry, Key(symbol, timeframe), until=until) for timeframe in shown)


def of(given: Sequence[View]) -> Consensus:
    """Count the labels of the timeframes that speak; several versions of one opinion are no proof, only agreement."""
    labels = Counter(view.result["label"] for view in given if view.result is not None)
    n_speaking = sum(labels.values())
    if n_speaking < 2:  # noqa: PLR2004 - one voice cannot agree with itself
        return Consensus(None, None, n_speaking)
    label, count = labels.most_common(1)[0]
    return Consensus(label if 2 * count > n_speaking else None, count / n_speaking, n_speaking)


def _view(registry: Registry, key: Key, *, until: datetime | None) -> View:
    try:
        version = production.read(registry, key).version
    except UnknownKeyError:
        return View(key, problem="it has no version")
    if version is None:
        return View(key, problem="it has no usable version")
    try:
        ensemble = serving.ensemble_of(registry, key, version)
        result = ensemble.predict(registry.source.bars(key, last=ensemble.lookback_bars(), until=until).frame)
    except DeskError as error:
        return View(key, version, problem=str(error))
    last_bar = versions.get(registry, key, version).last_bar
    in_sample = None if last_bar is None else bool(result["as_of"] <= pd.Timestamp(last_bar))
    return View(key, version, result, in_sample)
