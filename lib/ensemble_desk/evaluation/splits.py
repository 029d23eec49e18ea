"""Splits of ordered rows into past and future, with a gap as long as the horizon so that no outcome is seen twice."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.errors import TooFewBarsError

HOLDOUT_SHARE = 0.2
MIN_HOLDOUT_ROWS = {"w1": 40, "mn1": 24}
MIN_TRAIN_ROWS = {"w1": 120, "mn1": 84}
_MIN_HOLDOUT_ROWS, _MIN_TRAIN_ROWS = 120, 250  # every timeframe finer than a week


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Row numbers of both parts; the ``horizon_bars`` rows between them belong to neither."""

    train: NDArray[np.int64]
    holdout: NDArray[np.int64]

    @property
    def gap(self) -> NDArray[np.int64]:
        """Rows between the parts: their outcomes become known only inside the holdout."""
        return np.arange(self.train[-1] + 1, self.holdout[0], dtype=np.int64)


def holdout(n: int, *, horizon_bars: int, timeframe: str) -> Split:
    """Keep the last 20 % of n labelled rows (at least 120, weekly 40, monthly 24) for one final score.

    Raises
    ------
    TooFewBarsError
        When fewer than 250 rows (weekly 120, monthly 84) would be left to learn from.
    """
    least_holdout = MIN_HOLDOUT_ROWS.get(timeframe, _MIN_HOLDOUT_ROWS)
    least_train = MIN_TRAIN_ROWS.get(timeframe, _MIN_TRAIN_ROWS)
    n_holdout = max(round(HOLDOUT_SHARE * n), least_holdout)
    n_train = n - n_holdout - horizon_bars
    if n_train < least_train:
        need = least_train + horizon_bars + max(least_holdout, round(HOLDOUT_SHARE * least_train / (1 - HOLDOUT_SHARE)))
        subject = "The labelled history"
        raise TooFewBarsError(subject, have=n, need=max(need, n + 1), purpose="training and a holdout")
    return Split(np.arange(n_train, dtype=np.int64), np.arange(n - n_holdout, n, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class PurgedWalkForward:
    """Expanding folds: learn from everything up to a row, leave out ``gap`` rows, forecast the next block.

    Attributes
    ----------
    n_splits : number of folds.
    gap : rows between learning and forecasting; the horizon in bars.
    first_train_share : share of the rows that even the first fold learns from.
    """

    n_splits: int = 5
    gap: int = 1
    first_train_share: float = 1 / 3

    def split(self, n: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield (train, test) row numbers; the test blocks are equally long, touch each other and end at row n.

        Raises
        ------
        TooFewBarsError
            When a fold would learn from no row or forecast no row.
        """
        size = (n - int(n * self.first_train_share)) // self.n_splits
        first = n - size * self.n_splits
        if size < 1 or first - self.gap < 1:
            need = max(n + 1, 3 * (self.gap + self.n_splits))
            subject = "The training part"
            raise TooFewBarsError(subject, have=n, need=need, purpose=f"{self.n_splits} folds")
        for start in range(first, n, size):
            yield np.arange(start - self.gap, dtype=np.int64), np.arange(start, start + size, dtype=np.int64)
