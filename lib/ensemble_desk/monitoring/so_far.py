"""Accuracy of all outcomes so far, after each of them, with an interval that may be looked at every day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import confidence_sequences
from ensemble_desk.forecasting import matured
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live
from ensemble_desk.registry.opening import Registry

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

_MOST_POINTS = 120  # each interval takes about a millisecond


@dataclass(frozen=True, slots=True, eq=False)
class SoFar:
    """Accuracy of all outcomes up to each of n moments, shapes (n,), shares in 0..1.

    Attributes
    ----------
    times : of the deciding bars.
    low, high : confidence sequence: true at every look together, in 19 of 20 cases.
    promised : mean confidence of the same forecasts.
    n_eff : independent outcomes behind each value.
    """

    times: Times
    accuracy: Floats
    low: Floats
    high: Floats
    promised: Floats
    n_eff: Floats


def path(
    registry: Registry,
    key: Key,
    *,
    version: str | None = None,
    horizon: str | None = None,
    kinds: Sequence[Kind] | None = None,
) -> SoFar:
    """Read the outcomes as :func:`ensemble_desk.monitoring.live.accuracy` does and follow them from the first one.

    Raises
    ------
    DatabaseError
    """
    rows = matured.speaking(registry.database, key, version=version, horizon=horizon, kinds=kinds)
    correct, horizon_bars = rows.correct, live.horizon_of(rows)
    ends = np.unique(np.linspace(1, len(rows), min(len(rows), _MOST_POINTS)).round().astype(np.int64))
    found = [confidence_sequences.share(correct[:end], horizon_bars=horizon_bars) for end in ends.tolist()]
    promised = np.cumsum(rows.p.max(axis=1, initial=0.0)) / np.arange(1, len(rows) + 1)
    return SoFar(
        times=rows.target[ends - 1],
        accuracy=np.array([one.value for one in found], dtype=np.float64),
        low=np.array([one.low for one in found], dtype=np.float64),
        high=np.array([one.high for one in found], dtype=np.float64),
        promised=promised[ends - 1],
        n_eff=np.array([one.n_eff for one in found], dtype=np.float64),
    )
