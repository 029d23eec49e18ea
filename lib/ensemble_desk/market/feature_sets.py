"""Features of a team's own under a name: a function of bars, tried for looking ahead, or rows that were imported.

Which names there are, the installation says; see :mod:`ensemble_desk.sources.feature_functions` and
:mod:`ensemble_desk.sources.stored_features`.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ensemble_desk.errors import FeatureSetError
from ensemble_desk.market import bars
from ensemble_desk.market.keys import Key

FeatureFunction = Callable[[pd.DataFrame], pd.DataFrame]
"""Takes bars, shape (n, 5), and gives numeric columns at the same times; it may leave out the first of them."""

StoredRows = Callable[[Key, pd.DataFrame], pd.DataFrame]
"""Takes a key and its bars and gives the rows that were imported for them, as a function of bars gives its own."""

SECONDS = 60.0
"""How long a function may take at most."""

N_CUTS = 12


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """A function or imported rows under a name.

    Attributes
    ----------
    function : None for imported rows, which ``rows`` looks up.
    digest : SHA-256 of the source of the function's module, or of the names of the imported columns.
    origin : where the features come from, in words.
    """

    name: str
    function: FeatureFunction | None
    digest: str
    origin: str
    rows: StoredRows | None = None


def digest_of_columns(columns: Sequence[str]) -> str:
    """Give the digest of a set of imported rows, by which versions know it."""
    return hashlib.sha256(json.dumps(list(columns)).encode()).hexdigest()


def _unknown(name: str) -> FeatureSetError:
    return FeatureSetError(name, "this installation names none of that name")


def _none(name: str) -> FeatureSet:
    raise _unknown(name)


@dataclass(slots=True)
class _Known:
    """The feature sets of this process, found at first use, and those that were tried."""

    find: Callable[[str], FeatureSet] = _none
    found: dict[str, FeatureSet] = field(default_factory=dict)
    tried: set[tuple[str, str]] = field(default_factory=set)


_known = _Known()


def use(find: Callable[[str], FeatureSet]) -> None:
    """Find feature sets by this function from now on."""
    _known.find, _known.found = find, {}


def get(name: str) -> FeatureSet:
    """Give a feature set by its name; raises FeatureSetError."""
    if name not in _known.found:
        _known.found[name] = _known.find(name)
    return _known.found[name]


def compute(name: str, frame: pd.DataFrame, *, key: Key | None = None) -> pd.DataFrame:
    """Give the features of bars, shape (n or fewer, n_features), float64, NaN where there are none.

    At its first use a function is asked again about bars that end earlier: what it said of a bar must not change.
    Imported rows are those of ``key``.

    Raises
    ------
    FeatureSetError
        When it looks ahead, raises, takes too long, or gives other rows or no numbers.
    InvalidBarsError
    """
    feature_set, checked = get(name), bars.check(frame)
    if feature_set.rows is not None:
        if key is None:
            problem = "its rows were imported by symbol, and nobody said whose bars these are"
            raise FeatureSetError(name, problem)
        return _checked(feature_set, feature_set.rows(key, checked), checked)
    table = _asked(feature_set, checked)
    if (name, feature_set.digest) not in _known.tried:
        _try(feature_set, checked, table)
        _known.tried.add((name, feature_set.digest))
    return table


def whole_rows(name: str, frame: pd.DataFrame, *, key: Key | None = None) -> pd.DataFrame:
    """Give the features of bars and leave out the rows that lack one; raises what `compute` raises."""
    table = compute(name, frame, key=key)
    whole: pd.DataFrame = table[np.isfinite(table.to_numpy()).all(axis=1)]
    return whole


def _try(feature_set: FeatureSet, checked: pd.DataFrame, table: pd.DataFrame) -> None:
    """Compare what is said of some bars with what is said of them when no later bar is there."""
    n = len(checked)
    for cut in np.unique(np.linspace(n // 2, n - 1, N_CUTS).astype(int)).tolist():
        time = checked.index[cut]
        if time not in table.index:
            continue
        before = _asked(feature_set, checked.iloc[: cut + 1])
        if not len(before) or before.index[-1] != time or list(before.columns) != list(table.columns):
            problem = f"asked about bars up to {time:%Y-%m-%d %H:%M} it gives no such row for the last of them"
            raise FeatureSetError(feature_set.name, problem)
        same = np.isclose(before.iloc[-1].to_numpy(), table.loc[time].to_numpy(), rtol=1e-9, atol=1e-12, equal_nan=True)
        if not same.all():
            column = table.columns[int(np.flatnonzero(~same)[0])]
            problem = f"it looks ahead: {column} at {time:%Y-%m-%d %H:%M} changes when later bars are there"
            raise FeatureSetError(feature_set.name, problem)


def _asked(feature_set: FeatureSet, checked: pd.DataFrame) -> pd.DataFrame:
    told: list[object] = []
    function = feature_set.function
    if function is None:
        raise _unknown(feature_set.name)

    def ask() -> None:
        try:
            told.append(function(checked.copy()))
        except Exception as error:  # noqa: BLE001 - whatever a team's function raises is told as its failure
            told.append(error)

    thread = threading.Thread(target=ask, name=f"features {feature_set.name}", daemon=True)
    thread.start()
    thread.join(SECONDS)
    if not told:
        problem = f"it took more than {SECONDS:g} seconds for {len(checked):,} bars"
        raise FeatureSetError(feature_set.name, problem)
    if isinstance(told[0], Exception):
        problem = f"it raised {type(told[0]).__name__}: {told[0]}"
        raise FeatureSetError(feature_set.name, problem) from told[0]
    return _checked(feature_set, told[0], checked)


def _checked(feature_set: FeatureSet, told: object, checked: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(told, pd.DataFrame):
        problem = f"it gave a {type(told).__name__}, not a DataFrame"
    elif len(told) > len(checked) or not told.index.equals(checked.index[len(checked) - len(told) :]):
        problem = (
            f"its {len(told):,} rows are not those of the {len(checked):,} bars; only the first ones may be left out"
        )
    elif not told.columns.size or not told.columns.is_unique or not all(isinstance(name, str) for name in told.columns):
        problem = "its columns need a name each, no two the same"
    elif textual := [str(name) for name in told.columns if told[name].dtype.kind not in "iufb"]:
        problem = f"column {', '.join(textual)} holds no numbers"
    else:
        numbers: pd.DataFrame = told.astype(np.float64)
        return numbers
    raise FeatureSetError(feature_set.name, problem)
