"""What makes two trainings the same: then they give one version, however often and wherever they are asked for."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import numpy as np
import pandas as pd

from ensemble_desk.market import feature_sets
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.preflight import code_revision

_SOURCES = ("market", "ensemble", "evaluation", "training")  # the code that decides a version's numbers
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "statsmodels", "arch", "prophet", "torch")


def code() -> str:
    """Twelve hex digits of the code that decides a version's numbers."""
    return code_revision.of(_SOURCES)


def of(
    bars: Bars,
    *,
    peers: Mapping[str, pd.DataFrame] = MappingProxyType({}),
    zone: str = "UTC",
    day: date,
    members: Sequence[str],
    label: LabelSpec,
    seed: int,
    feature_set: str,
    again: str,
) -> str:
    """Digest all that decides what is trained: key, day, bars, code and libraries, members, label, seed, features.

    Parameters
    ----------
    peers : bars of the other symbols that it learns from.
    zone : by whose clocks features tell the hour.
    day : the one that names the version.
    again : any text that tells a wish for another version apart; empty: there is none.

    Raises
    ------
    FeatureSetError, DatabaseError
    """
    told = {
        "key": str(bars.key),
        "day": day.isoformat(),
        "bars": _digest(bars),
        "peers": {symbol: _of_table(frame) for symbol, frame in sorted(peers.items())},
        "code": code_revision.of(_SOURCES, _LIBRARIES),
        "members": list(members),
        "label": repr(label),
        "seed": seed,
        "features": feature_set and _features(feature_set, bars),
        "zone": zone,
        "again": again,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _features(name: str, bars: Bars) -> list[str]:
    """Tell the features by their function's source, which says the same of the same bars, or else by their numbers."""
    found = feature_sets.get(name)
    if found.rows is None:
        return [name, found.digest]
    return [name, found.digest, _of_table(feature_sets.compute(name, bars.frame, key=bars.key))]


def _digest(bars: Bars) -> str:
    return f"{bars.source} {_of_table(bars.frame)}"


def _of_table(table: pd.DataFrame) -> str:
    total = hashlib.sha256(json.dumps(list(table.columns)).encode())
    total.update(pd.DatetimeIndex(table.index).as_unit("ns").asi8.tobytes())
    total.update(np.ascontiguousarray(table.to_numpy(dtype=np.float64)).tobytes())
    return total.hexdigest()
