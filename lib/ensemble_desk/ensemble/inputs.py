"""What a caller hands to a forecast, bars or ready features, turned into rows that members read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import numpy as np
import pandas as pd

from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.errors import IncompatibleArtifactError, InvalidFeaturesError, MissingFeaturesError
from ensemble_desk.market import bars, feature_sets, features
from ensemble_desk.market.keys import Key


@runtime_checkable
class ReadsFeatures(Protocol):
    """A member that needs feature columns: by name, or as so many nameless numbers."""

    name: str

    @property
    def feature_names(self) -> tuple[str, ...] | None: ...

    @property
    def n_features(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """The members that read features, and all names they read, in order; no names when they read nameless numbers.

    ``feature_set`` names the team's own features that bars are turned into; empty: ours, by the clocks of ``zone``.
    ``key`` says whose bars those are, as far as that is known. With ``gaps`` a row may lack numbers, for all of the
    readers fill them.
    """

    readers: tuple[ReadsFeatures, ...]
    names: tuple[str, ...]
    feature_set: str = ""
    key: Key | None = None
    gaps: bool = False
    zone: str = "UTC"


def read(df: pd.DataFrame, members: Iterable[Member], *, version: str) -> Rows:
    """Turn a frame into rows for these members.

    A frame with every feature the members name is taken as ready features (and for the price members as bars, when
    the price columns and a time index are there too); else bars are checked and features computed from them.

    Raises
    ------
    MissingFeaturesError
        When features are missing that bars cannot give.
    InvalidFeaturesError, InvalidBarsError, TooFewBarsError
        When what is there cannot be used.
    IncompatibleArtifactError
        When a member stores no feature names and the number of columns does not fit.
    """
    return read_for(df, needs(members), version=version)


def needs(members: Iterable[Member], *, feature_set: str = "", key: Key | None = None, zone: str = "UTC") -> Needs:
    """Say what a frame must hold for these members; the same for every frame."""
    readers = tuple(member for member in members if isinstance(member, ReadsFeatures) and member.n_features)
    names = tuple(dict.fromkeys(name for reader in readers for name in reader.feature_names or ()))
    gaps = bool(readers) and all(getattr(reader, "fills_gaps", False) for reader in readers)
    return Needs(readers, names, feature_set, key, gaps, zone)


def read_for(df: pd.DataFrame, needed: Needs, *, version: str, newest: bool = False) -> Rows:
    """Turn a frame into rows for members whose needs are known, as :func:`read`.

    With ``newest`` only the last row counts: of ready features no other is taken, whatever older rows lack, and from
    bars no others than the newest are computed. Rows that the function of a
    feature set has no numbers for are left out, but for the newest one, which is refused then.
    """
    if not needed.readers:
        checked = bars.check(df)
        return Rows(checked.index, None, checked)
    if not needed.names:
        return _ready(df, _numeric(df, needed.readers), version=version, gaps=needed.gaps)
    if rows := ready(df, needed):
        return rows
    columns = set(df.columns.tolist())
    missing = [name for name in needed.names if name not in columns]
    if not missing:
        return _ready(df, needed.names, version=version, newest=newest, gaps=needed.gaps)
    if needed.feature_set and _has_prices(df):
        return _of_set(bars.check(df), needed, version=version)
    if not _has_prices(df) or not set(needed.names) <= set(features.FEATURE_NAMES):
        raise MissingFeaturesError(missing, version=version)
    checked = bars.check(df)
    # of a single row sums would be added up in another order: two are computed
    recent = checked.tail(features.MEMORY_BARS + 1) if newest else checked
    computed = features.chosen(features.compute(recent, zone=needed.zone), needed.names)
    return Rows(computed.index, computed, checked, needed.names, features.ready(computed, needed.names))


def ready(df: pd.DataFrame, needed: Needs) -> Rows | None:
    """Take a frame that holds just the features by name, the usual case; None for any other."""
    values = features.ready(df, needed.names) if needed.names else None
    return None if values is None else Rows(df.index, df, None, needed.names, values)


def read_prices(df: pd.DataFrame) -> Rows:
    """Turn a frame into rows for price members only; without price columns the rows have no bars."""
    if not _has_prices(df):
        return Rows(df.index, None, None)
    checked = bars.check(df)
    return Rows(checked.index, None, checked)


def last(rows: Rows, n: int = 1) -> Rows:
    """Keep the newest n rows; the price history stays whole."""
    return rows if len(rows.index) <= n else rows.since(len(rows.index) - n)


def later(rows: Rows, after: datetime | None) -> Rows:
    """Keep the rows later than a moment (None: all of them); the price history stays whole."""
    if after is None:
        return rows
    return rows.since(int(rows.index.searchsorted(pd.Timestamp(after), side="right")))


def _of_set(checked: pd.DataFrame, needed: Needs, *, version: str) -> Rows:
    table = feature_sets.compute(needed.feature_set, checked, key=needed.key)
    if missing := [name for name in needed.names if name not in table.columns]:
        raise MissingFeaturesError(missing, version=version)
    chosen = table[list(needed.names)]
    known = np.isfinite(chosen.to_numpy())
    whole = known.any(axis=1) if needed.gaps else known.all(axis=1)
    if not len(chosen) or not whole[-1]:
        raise InvalidFeaturesError(_lacking(chosen, f"of the feature set {needed.feature_set} "))
    kept = chosen[whole]
    return Rows(kept.index, kept, checked, needed.names, features.ready(kept, needed.names))


def _lacking(chosen: pd.DataFrame, which: str = "") -> str:
    if chosen.empty:
        return f"the newest bar has no row {which}".rstrip()
    lacking = [str(name) for name in chosen.columns if not np.isfinite(chosen[name].to_numpy(np.float64)[-1])]
    return f"the newest row {which}lacks a finite number in {', '.join(lacking)}"


def _newest(df: pd.DataFrame, names: Sequence[str], *, version: str, gaps: bool) -> pd.DataFrame:
    """Select the last row of ready features; raises what `features.require` raises, naming what that row lacks."""
    last = df.tail(1)
    try:
        return features.require(last, names, version=version, gaps=gaps)
    except InvalidFeaturesError as error:
        numeric = all(last[name].dtype.kind in "iufb" for name in names if name in last)
        if last.empty or not numeric or not last.columns.is_unique:
            raise
        raise InvalidFeaturesError(_lacking(last[list(names)].astype(np.float64))) from error


def _ready(df: pd.DataFrame, names: Sequence[str], *, version: str, newest: bool = False, gaps: bool = False) -> Rows:
    select = _newest if newest else features.require
    chosen = select(df, names, version=version, gaps=gaps)
    if not (_has_prices(df) and isinstance(df.index, pd.DatetimeIndex)):
        return Rows(chosen.index, chosen, None)
    checked = bars.check(df)
    at = checked.index[-len(chosen) :]
    return Rows(at, chosen.set_axis(at), checked)


def _has_prices(df: pd.DataFrame) -> bool:
    return all(name in df.columns for name in bars.COLUMNS)


def _numeric(df: pd.DataFrame, readers: Sequence[ReadsFeatures]) -> list[str]:
    names = list(df.select_dtypes("number").columns)
    for reader in readers:
        if reader.n_features != len(names):
            raise IncompatibleArtifactError(
                reader.name,
                f"it stores no feature names and was trained on {reader.n_features} columns, but the frame has "
                f"{len(names)} numeric ones; pass exactly those columns, in the order of training",
            )
    return names
