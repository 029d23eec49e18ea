"""What goes into members and what comes out: rows to forecast at, and votes that may abstain."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.market import labels
from ensemble_desk.market.labels import LabelSpec

T = TypeVar("T")

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
    kept : what members made of the bars up to the last row, so that they make it once for every horizon.
    pooled : rows of every symbol, for a member that learns from all of them; None where there are none beside these.
    """

    index: pd.Index
    features: pd.DataFrame | None
    bars: pd.DataFrame | None
    names: tuple[str, ...] = ()
    table: NDArray[np.float64] | None = None
    kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    pooled: "Pooled | None" = None

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
        return replace(self, index=self.index[position:], features=features, table=table)

    def without_features(self) -> "Rows":
        """The same rows for members that read prices only."""
        return Rows(self.index, None, self.bars, kept=self.kept)

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """Give what is made of the bars up to the last row alone; made when it is asked for first."""
        if what not in self.kept:
            self.kept[what] = make()
        made: T = self.kept[what]
        return made

    def known(self) -> pd.DataFrame:
        """The bars up to the last row; raises ValueError where there are none."""
        if self.bars is None:
            message = "rows without bars"
            raise ValueError(message)
        bars = self.bars
        return self.once("known", lambda: bars if bars.index[-1] == self.index[-1] else bars.loc[: self.index[-1]])

    def places(self) -> NDArray[np.intp]:
        """Where each row is among the known bars, shape (n,); -1 where it is none of them."""
        known = self.known().index
        if len(self.index) == 1 and self.index[0] == known[-1]:  # the usual question
            return np.array([len(known) - 1])
        return np.asarray(known.get_indexer(self.index), np.intp)

    def log_prices(self, price: str) -> NDArray[np.float64]:
        """Logarithm of a price at every known bar."""
        return self.once(("log", price), lambda: np.log(self.known()[price].to_numpy(np.float64)))

    def volatility(self, label: LabelSpec) -> NDArray[np.float64]:
        """One-bar volatility at every known bar, as a label measures it."""
        what = ("volatility", label.price, label.sigma_window)
        return self.once(what, lambda: labels.volatility(self.known(), label))


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Rows of every symbol that a pooled member may learn from, ordered by when their outcome was known.

    Attributes
    ----------
    ratios : shape (n, k), see :mod:`ensemble_desk.ensemble.members.ratios`.
    classes : class numbers, shape (n,).
    known_at : time of the bar that decided each row, shape (n,).
    symbols : which they are of.
    """

    ratios: NDArray[np.float64]
    classes: NDArray[np.int64]
    known_at: pd.DatetimeIndex
    symbols: tuple[str, ...]

    def until(self, time: pd.Timestamp) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Give the rows whose outcome was known at a moment."""
        n = int(self.known_at.searchsorted(time, side="right"))
        return self.ratios[:n], self.classes[:n]


MOVES = ("expected", "low_50", "high_50", "low_80", "high_80", "low_95", "high_95")
"""What a member that describes prices says of the move over the horizon, in log returns: its mean, and the limits that
the move stays between with a probability of 50, 80 and 95 %."""


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Probabilities of shape (n, 3); rows that abstain are NaN and `reason` says why ('' when none does).

    ``moves`` gives MOVES of each row, shape (n, 7), NaN where it abstains; None for a member that describes no prices.
    """

    probabilities: Probabilities
    reason: str = ""
    moves: Callable[[], NDArray[np.float64]] | None = None

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

    @property
    def lookback_bars(self) -> int:
        """Bars up to a row, its own included, that a vote hangs on; earlier ones change less than a trillionth."""
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
