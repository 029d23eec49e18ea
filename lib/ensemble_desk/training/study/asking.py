"""One version of a study: trained as of the end of a quarter, as a version is, and asked about the bars after it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble.votes import Pooled, Probabilities, Rows
from ensemble_desk.errors import TooFewBarsError, extras
from ensemble_desk.evaluation import splits
from ensemble_desk.market import feature_sets, features, labels
from ensemble_desk.market.bars import Bars
from ensemble_desk.training import dataset, walk_forward
from ensemble_desk.training.dataset import Dataset
from ensemble_desk.training.walk_forward import OutOfFold, Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What every member of one version said of m later bars, and of the rows that its weights are learnt from.

    Attributes
    ----------
    symbol, as_of : the series, and the last moment that the version knows.
    oof : out-of-fold probabilities of the train part.
    later : probabilities by member, shape (m, 3); NaN where a member abstained.
    classes : what came, shape (m,).
    usual : class shares of the rows learnt from, shape (3,).
    """

    symbol: str
    as_of: pd.Timestamp
    oof: OutOfFold
    later: Mapping[str, Probabilities]
    classes: NDArray[np.int64]
    usual: NDArray[np.float64]


def ask(bars: Bars, *, as_of: pd.Timestamp, until: pd.Timestamp, recipe: Recipe, pooled: Pooled | None) -> Asked | None:
    """Train on the bars up to ``as_of`` and forecast each later one up to ``until`` from no more than it may know.

    None where no honest version could have been trained, or no later bar has an outcome. ``pooled`` may reach later
    than ``as_of``: members take what was known at their own cut.
    """
    with extras.needed():
        import scipy.linalg  # noqa: F401 - it brings a BLAS of its own, which must be there to be limited
        import threadpoolctl  # type: ignore[import-untyped] # it ships no types

    label, before = recipe.label, bars.until(as_of.to_pydatetime())
    if not len(before) or len(before) == len(bars.until(until.to_pydatetime())):
        return None
    try:
        data = dataset.build(before, label=label, feature_set=recipe.feature_set, pooled=pooled)
        split = splits.holdout(len(data), horizon_bars=label.horizon_bars, timeframe=recipe.timeframe)
    except TooFewBarsError:
        return None
    rows, classes = _later(bars, recipe, as_of=as_of, until=until)
    if not len(classes):
        return None
    with threadpoolctl.threadpool_limits(1):
        oof = walk_forward.run(data, split.train, recipe, progress=lambda _: None)
        later = {name: _votes(name, data, recipe, rows) for name in recipe.names}
    usual = np.bincount(data.classes, minlength=3) / len(data)
    return Asked(bars.key.symbol, as_of, oof, later, classes, usual)


def _votes(name: str, data: Dataset, recipe: Recipe, rows: Rows) -> Probabilities:
    member = walk_forward.fit(name, data, recipe, learn=np.arange(len(data), dtype=np.int64), kept=False)
    if isinstance(member, str):
        return np.full((len(rows.index), 3), np.nan)
    return member.predict(rows, label=recipe.label).probabilities


def _later(bars: Bars, recipe: Recipe, *, as_of: pd.Timestamp, until: pd.Timestamp) -> tuple[Rows, NDArray[np.int64]]:
    """Give the rows later than ``as_of`` up to ``until`` whose outcome the bars tell."""
    known = bars.frame.loc[:until]
    if recipe.feature_set:
        table = feature_sets.whole_rows(recipe.feature_set, known, key=bars.key)
    else:
        n_later = len(known.loc[as_of:])
        table = features.compute(known.iloc[-(n_later + features.WARM_UP_BARS) :])
    outcome = labels.label(bars.frame, recipe.label).reindex(table.index)
    chosen = outcome.notna().to_numpy() & (table.index > as_of)
    return Rows(table.index[chosen], table[chosen], known), outcome[chosen].to_numpy(dtype=np.int64)
