"""How far each feature has moved from what a version learnt from: a hint where to look, never an alarm.

Indicators are autocorrelated, so the newest bars always differ from the past by textbook tests. Here the move of a
feature is compared with those of earlier windows of the same length, each so far from the next that they share no
lookback.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import DeskError, NotTrainedError, extras
from ensemble_desk.market import feature_sets, features
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import histograms
from ensemble_desk.monitoring.histograms import Reference
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving

Floats = NDArray[np.float64]

WINDOW_BARS = 60
STEP_BARS = features.MEMORY_BARS  # the longest lookback of any feature
FALSE_DISCOVERY_RATE = 0.05
NOT_AN_ALARM = "A diagnosis, not an alarm: features move all the time, and a move need not hurt accuracy."


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one feature has moved.

    Attributes
    ----------
    distance : Wasserstein distance of the window from the reference in reference standard deviations; None for a
        feature that was constant.
    ks : Kolmogorov-Smirnov distance, 0..1.
    outside : share of the window outside the range of the reference.
    importance : share of the members' own feature importances, weighted as the members are; None when unknown.
    p : share of windows of the past, this one included, that lie at least as far away.
    unusual : whether it stands out after Benjamini-Hochberg over all features.
    psi, psi_null : population stability index, and what it is on average when nothing changed.
    """

    name: str
    distance: float | None
    ks: float
    outside: float
    importance: float | None
    p: float
    unusual: bool
    psi: float
    psi_null: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The features of a version, most unusual first; see :data:`NOT_AN_ALARM`.

    Attributes
    ----------
    n_bars : of the newest window; ``until`` is its last bar.
    n_shifts : earlier windows that it was compared with; 1 / (n_shifts + 1) is the least p there can be.
    problem : why there is no diagnosis; '' otherwise.
    """

    key: Key
    version: str
    n_bars: int
    until: datetime | None
    n_shifts: int
    features: tuple[FeatureDrift, ...]
    problem: str = ""

    @property
    def least_p(self) -> float:
        return 1 / (self.n_shifts + 1)


def features_of(
    registry: Registry, key: Key, *, version: str | None = None, window_bars: int = WINDOW_BARS
) -> Diagnosis:
    """Diagnose the features of a version (None: production's) on the newest bars of the source.

    Raises
    ------
    UnknownKeyError, UnknownVersionError, NotTrainedError, SourceError, DatabaseError
    """
    chosen = version or production.read(registry, key).version
    if chosen is None:
        raise NotTrainedError(str(key))
    manifest = versions.manifest(registry, key, chosen)
    references = histograms.read(manifest.get("reference_histograms"))
    if not references:
        return Diagnosis(key, chosen, 0, None, 0, (), "the version keeps no picture of its features")
    own, zone = manifest.get("feature_set"), str(manifest.get("feature_zone") or "UTC")
    try:
        frame = registry.source.bars(key).frame
        found = feature_sets.whole_rows(str(own["name"]), frame, key=key) if own else features.compute(frame, zone=zone)
        table = found[[name for name in references if name in found.columns]]
    except DeskError as error:
        return Diagnosis(key, chosen, 0, None, 0, (), str(error))
    return diagnose(
        key,
        chosen,
        table,
        references,
        importances=_importances(registry, key, chosen, list(manifest.get("feature_names") or ())),
        window_bars=window_bars,
    )


def diagnose(
    key: Key,
    version: str,
    table: pd.DataFrame,
    references: Mapping[str, Reference],
    *,
    importances: Mapping[str, float],
    window_bars: int = WINDOW_BARS,
) -> Diagnosis:
    """Compare the newest rows of a table of features, oldest first, with the references and with earlier rows."""
    starts = np.arange(len(table) - window_bars, -1, -STEP_BARS)
    if len(starts) < 2:  # noqa: PLR2004 - the window itself and one to compare it with
        need = window_bars + STEP_BARS
        return Diagnosis(key, version, 0, None, 0, (), f"it needs {need} bars with features, there are {len(table)}")
    rows = starts[:, None] + np.arange(window_bars)
    measured = {name: references[name].measure(table[name].to_numpy(np.float64)[rows]) for name in table.columns}
    p_values = np.array([_rank(one.distance) for one in measured.values()])
    unusual = dict(zip(measured, _adjusted(p_values) <= FALSE_DISCOVERY_RATE, strict=True))
    found = [
        FeatureDrift(
            name=name,
            distance=one.in_deviations,
            ks=float(one.ks[0]),
            outside=float(one.outside[0]),
            importance=importances.get(name),
            p=float(p),
            unusual=bool(unusual[name]),
            psi=one.psi,
            psi_null=one.psi_null,
        )
        for (name, one), p in zip(measured.items(), p_values, strict=True)
    ]
    ranked = sorted(found, key=lambda one: (one.p, -(one.distance or 0.0), one.name))
    until = pd.Timestamp(table.index[-1]).to_pydatetime()
    return Diagnosis(key, version, window_bars, until, len(starts) - 1, tuple(ranked))


def _rank(distance: Floats) -> float:
    """Share of windows, the newest (first) included, that lie at least as far away as the newest."""
    return float(np.mean(distance >= distance[0] - 1e-12))


def _adjusted(p_values: Floats) -> Floats:
    with extras.needed():
        from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p_values, method="bh"))


def _importances(registry: Registry, key: Key, version: str, names: Sequence[str]) -> dict[str, float]:
    """Mean of the members' feature importances, weighted as the members are; empty when the file cannot be opened."""
    try:
        content = serving.load(registry, key, version)
    except DeskError:
        return {}  # a diagnosis of the market does not need the artifact
    weights: Mapping[str, Any] = content.get("weights") or {}
    total, weight_sum = np.zeros(len(names)), 0.0
    for name, model in (content.get("models") or {}).items():
        told = getattr(model, "feature_importances_", None)
        weight = float(weights.get(name, 0.0))
        if told is not None and len(told) == len(names) and weight > 0:
            total += weight * np.asarray(told, dtype=np.float64)
            weight_sum += weight
    if not weight_sum:
        return {}
    return dict(zip(names, (total / weight_sum).tolist(), strict=True))
