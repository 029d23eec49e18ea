"""Bars turned into the rows one version learns from: features, class numbers and where the labels end."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble.votes import Pooled, Rows
from ensemble_desk.errors import TooFewBarsError
from ensemble_desk.market import feature_sets, features, labels
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.labels import LabelSpec

LOOKBACK_ROWS = {
    **dict.fromkeys(("m1", "m5", "m10", "m15"), 8_000),
    **dict.fromkeys(("m30", "h1"), 4_000),
    **dict.fromkeys(("h2", "h4", "h8", "h12", "d1"), 2_000),
    **dict.fromkeys(("w1", "mn1"), 1_500),
}
"""Newest labelled rows a version learns from: about eight years of daily bars, which keeps a training to seconds
and the market it has seen comparable to the one it will meet. Price members may read older bars."""

N_NEWEST = 5
"""Rows kept inside the artifact with every member's answer, so that any later load can be checked against them."""

Positions = slice | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What one training sees.

    Attributes
    ----------
    bars : every bar up to the as-of date, shape (n_bars, 5).
    features : feature rows of the labelled bars, shape (n, n_features), oldest first.
    classes : their class numbers, shape (n,).
    newest : the last feature rows, labelled or not, shape (5, n_features).
    pooled : rows of every symbol, for members that learn from all of them; None where no such member is trained.
    """

    bars: pd.DataFrame
    features: pd.DataFrame
    classes: NDArray[np.int64]
    newest: pd.DataFrame
    pooled: Pooled | None = None

    def __len__(self) -> int:
        return len(self.classes)

    def asked(self, where: Positions) -> Rows:
        """Labelled rows to vote on, with all bars: a member reads only what each row may know."""
        chosen = self.features.iloc[where]
        return Rows(index=chosen.index, features=chosen, bars=self.bars)

    def learnt(self, where: Positions) -> Rows:
        """Labelled rows to fit on, with no bar after the last of them."""
        chosen = self.features.iloc[where]
        bars = self.bars.loc[: chosen.index[-1]]
        return Rows(index=chosen.index, features=chosen, bars=bars, pooled=self.pooled)


def build(
    bars: Bars, *, label: LabelSpec, feature_set: str = "", pooled: Pooled | None = None, zone: str = "UTC"
) -> Dataset:
    """Compute features and classes of the newest bars, by our features or a team's own.

    Raises
    ------
    TooFewBarsError
        When not one row is left.
    FeatureSetError
    """
    n_rows = LOOKBACK_ROWS[bars.key.timeframe] + label.horizon_bars
    if feature_set:
        table = feature_sets.whole_rows(feature_set, bars.frame, key=bars.key).iloc[-n_rows:]
        if table.empty:
            raise TooFewBarsError(str(bars.key), have=len(bars.frame), need=len(bars.frame) + 1, purpose=feature_set)
    else:
        table = features.compute(bars.frame.iloc[-(n_rows + features.WARM_UP_BARS) :], zone=zone)
    outcome = labels.label(bars.frame, label).reindex(table.index)
    known = outcome.notna().to_numpy()
    return Dataset(
        bars=bars.frame,
        features=table[known],
        classes=outcome[known].to_numpy(dtype=np.int64),
        newest=table.iloc[-N_NEWEST:],
        pooled=pooled,
    )
