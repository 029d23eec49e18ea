"""What a caller hands to a forecast, bars or ready features, turned into rows that members read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import pandas as pd

from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.errors import IncompatibleArtifactError, MissingFeaturesError
from ensemble_desk.market import bars, features


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
    """The members that read features, and all names they read, in order; no names when they read nameless numbers."""

    readers: tuple[ReadsFeatures, ...]
    names: tuple[str, ...]


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


def needs(members: Iterable[Member]) -> Needs:
    """Say what a frame must hold for these members; the same for every frame."""
    readers = tuple(member for member in members if isinstance(member, ReadsFeatures) and member.n_features)
    return Needs(readers, tuple(dict.fromkeys(name for reader in readers for name in reader.feature_names or ())))


def read_for(df: pd.DataFrame, needed: Needs, *, version: str) -> Rows:
    """Turn a frame into rows for members whose needs are known, as :func:`read`."""
    if not needed.readers:
        checked = bars.check(df)
        return Rows(checked.index, None, checked)
    if not needed.names:
        return _ready(df, _numeric(df, needed.readers), version=version)
    if rows := ready(df, needed):
        return rows
    columns = set(df.columns.tolist())
    missing = [name for name in needed.names if name not in columns]
    if not missing:
        return _ready(df, needed.names, version=version)
    if not _has_prices(df) or not set(needed.names) <= set(features.FEATURE_NAMES):
        raise MissingFeaturesError(missing, version=version)
    checked = bars.check(df)
    computed = features.chosen(features.compute(checked), needed.names)
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


def _ready(df: pd.DataFrame, names: Sequence[str], *, version: str) -> Rows:
    chosen = features.require(df, names, version=version)
    if not (_has_prices(df) and isinstance(df.index, pd.DatetimeIndex)):
        return Rows(chosen.index, chosen, None)
    checked = bars.check(df)
    return Rows(checked.index, chosen.set_axis(checked.index), checked)


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
