"""What goes into members and what comes out: rows to forecast at, and votes that may abstain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.market.labels import LabelSpec

Probabilities = NDArray[np.float64]  # shape (n, 3), columns BEARISH, NEUTRAL, BULLISH; a NaN row abstains


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The n rows a member is fitted on or asked about.

    Attributes
    ----------
    features : shape (n, n_features), in the version's column order; None when there are only bars.
    bars : the price history, at least up to the last row, possibly earlier and later than the rows; a member
        reads only what is known at a row (bars up to and including it). None when there are only features.
    index : times of the n rows; a subset of ``bars.index`` when bars are given, any index otherwise.
    names : the columns of ``features``, where whoever made the rows knows them; else empty.
    table : ``features`` as an array, where whoever made the rows knows that every number in it is finite.
    """

    index: pd.Index
    features: pd.DataFrame | None
    bars: pd.DataFrame | None
    names: tuple[str, ...] = ()
    table: NDArray[np.float64] | None = None

    def history(self, *, least: int) -> tuple[pd.DataFrame | None, str]:
        """Give the bars up to the last row to a member that needs so many; else None and why it cannot be fitted."""
        if self.bars is None:
            return None, "needs bars, and there are only features"
        known = self.bars.loc[: self.index[-1]]
        if len(known) < least:
            return None, f"needs {least} bars to be fitted, there were {len(known)}"
        return known, ""

    def since(self, position: int) -> "Rows":
        """Leave out the rows before a position; the price history stays whole."""
        features = None if self.features is None else self.features.iloc[position:]
        table = None if self.table is None else self.table[position:]
        return Rows(self.index[position:], features, self.bars, self.names, table)


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Probabilities of shape (n, 3); rows that abstain are NaN and `reason` says why ('' when none does)."""

    probabilities: Probabilities
    reason: str = ""

    @classmethod
    def abstain(cls, n_rows: int, reason: str) -> "Votes":
        return cls(np.full((n_rows, 3), np.nan), reason)


@runtime_checkable
class Member(Protocol):
    """One estimator of the ensemble, with scikit-learn manners and no input or output."""

    name: str

    def fit(self, rows: Rows, classes: NDArray[np.int64], *, label: LabelSpec) -> Self:
        """Learn from n rows and their class numbers (shape (n,)); price members read the bars up to the last row.

        A member that cannot be fitted (too few bars, no convergence) still returns itself and abstains later.
        """
        ...

    def predict(self, rows: Rows, *, label: LabelSpec | None) -> Votes:
        """Vote on every row; ``label.horizon_bars`` may differ from the fitted one for price members only.

        Without a label (None: nobody has told it) members that need one abstain.
        """
        ...

    def state(self) -> object:
        """What the artifact stores: a scikit-learn estimator, or a dict of plain numbers, strings and arrays."""
        ...


def class_probabilities(raw: Probabilities, known: Sequence[int]) -> Probabilities:
    """Spread probabilities over the classes an estimator knows to all three, shape (n, 3)."""
    if tuple(known) == (0, 1, 2):
        return raw
    full = np.zeros((len(raw), 3))
    full[:, list(known)] = raw
    return full
