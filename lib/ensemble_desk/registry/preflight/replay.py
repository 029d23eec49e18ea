"""Two versions asked about the same recent bars, scored only on bars that neither was trained on."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.evaluation import comparison
from ensemble_desk.evaluation.comparison import Comparison
from ensemble_desk.market import aims, labels
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving

N_BARS = 250
HISTORY_BARS = 600  # before the first of them, for features and for the filter of price members


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What two versions say of the same n bars, oldest first.

    Attributes
    ----------
    times : shape (n,), the bars asked about.
    current, target : probabilities of each version, shape (n, 3); NaN where it abstains.
    horizon_bars : of the current version; None where nobody has told it, and then no outcome is known.
    outcomes : class numbers, shape (n,); NaN where the outcome is pending.
    in_sample : shape (n,); True on bars that either version was trained on, which the comparison leaves out.
    compared : target against current on the bars that remain; None when the two define their label differently.
    """

    key: Key
    current_version: str
    target_version: str
    horizon_bars: int | None
    times: pd.DatetimeIndex
    current: NDArray[np.float64]
    target: NDArray[np.float64]
    outcomes: NDArray[np.float64]
    in_sample: NDArray[np.bool_]
    compared: Comparison | None

    @property
    def flips(self) -> int:
        """Bars, in-sample ones included, on which the two name different classes."""
        both = np.isfinite(self.current).all(axis=1) & np.isfinite(self.target).all(axis=1)
        return int((self.current[both].argmax(axis=1) != self.target[both].argmax(axis=1)).sum())

    @property
    def majority(self) -> float | None:
        """Share of the class that came most often on the bars that are scored; None when there are none."""
        scored = ~self.in_sample & np.isfinite(self.outcomes)
        scored &= np.isfinite(self.current).all(axis=1) & np.isfinite(self.target).all(axis=1)
        happened = self.outcomes[scored].astype(np.int64)
        return float(np.bincount(happened).max() / len(happened)) if len(happened) else None


def replay(
    registry: Registry, key: Key, current: str, target: str, *, n_bars: int = N_BARS, until: datetime | None = None
) -> Replay:
    """Ask both versions about the newest bars of the source, or the newest that there were at a moment.

    A row is forecast from that bar and those before it only. Fast enough to wait for: each version answers all bars
    at once.

    Raises
    ------
    UnknownKeyError, UnknownVersionError, ArtifactError
        When a version cannot be loaded.
    MissingFeaturesError
        When a version reads features of its own, which bars cannot give.
    SourceError, TooFewBarsError
        When the source has no bars of the key, or too few.
    """
    newest = registry.source.bars(key, last=n_bars + HISTORY_BARS, until=until).frame
    tables = [serving.ensemble_of(registry, key, name).predict_batch(newest).tail(n_bars) for name in (current, target)]
    times = pd.DatetimeIndex(tables[0].index).intersection(pd.DatetimeIndex(tables[1].index))
    first, second = (table.loc[times, list(CLASSES)].to_numpy(float) for table in tables)
    specs = [_label(registry, key, name) for name in (current, target)]
    spec = specs[0]
    unknown = np.full(len(times), np.nan)
    outcomes = unknown if spec is None else labels.label(newest, spec).loc[times].to_numpy(float)
    in_sample = _in_sample(registry, key, (current, target), times)
    compared = None
    if spec is not None and spec == specs[1]:
        scored = ~in_sample & np.isfinite(outcomes)
        happened = outcomes[scored].astype(np.int64)
        compared = comparison.compare(first[scored], second[scored], happened, horizon_bars=spec.horizon_bars)
    return Replay(
        key, current, target, spec.horizon_bars if spec else None, times, first, second, outcomes, in_sample, compared
    )


def _label(registry: Registry, key: Key, version: str) -> LabelSpec | None:
    """The label that scores a version; None where neither the version nor a person tells it."""
    return aims.of_content(serving.content(registry, key, version), timeframe=key.timeframe).label


def _in_sample(registry: Registry, key: Key, names: tuple[str, str], times: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Bars up to the last one that either version was trained on; all of them when a version does not tell."""
    last_bars = [versions.get(registry, key, name).last_bar for name in names]
    known = [last for last in last_bars if last is not None]
    if len(known) < len(last_bars):
        return np.ones(len(times), dtype=bool)
    return np.asarray(times <= pd.Timestamp(max(known)))
