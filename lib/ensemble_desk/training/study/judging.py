"""What sets of members are worth: their pool on bars that no version had seen, against usual rates and each other.

Rows of one quarter belong together, for series move together and a version speaks throughout: intervals are those of a
mean over quarters as clusters (Liang and Zeger, "Longitudinal data analysis using generalized linear models",
Biometrika 73(1), 1986), with Student's t.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble import pool
from ensemble_desk.errors import extras
from ensemble_desk.evaluation import comparison, leaning
from ensemble_desk.evaluation.intervals import Mean
from ensemble_desk.training import weighing
from ensemble_desk.training.study.asking import Asked
from ensemble_desk.training.walk_forward import OutOfFold

Floats = NDArray[np.float64]
_LEAST_QUARTERS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Forecasts of one set of members on the n rows of a study, in its order; ``title`` names the set.

    Attributes
    ----------
    p, usual : probabilities and usual rates, shape (n, 3).
    y : class numbers, shape (n,).
    quarter : of each row, shape (n,): the end of the one its version knows.
    weights : mean weight by member over the versions.
    """

    title: str
    p: Floats
    usual: Floats
    y: NDArray[np.int64]
    quarter: pd.DatetimeIndex
    weights: Mapping[str, float]

    @property
    def losses(self) -> Floats:
        """Log-loss of each row, with probabilities taken at 2 % at least, as comparisons do."""
        return comparison.losses(self.p, self.y)


@dataclass(frozen=True, slots=True)
class Judged:
    """One set of members on some quarters; differences in log-loss, where negative is better.

    Attributes
    ----------
    against_usual, against_first : minus the usual rates', and minus that of the first set.
    accuracy, direction : share of hits; of the rows that moved those whose direction was called.
    lean : hits of the leans minus what the usual rates promise the classes leaned to.
    named : share of forecasts that name each class.
    """

    n: int
    n_quarters: int
    against_usual: Mean
    against_first: Mean
    accuracy: float
    direction: float
    lean: Mean
    named: tuple[float, float, float]


def said(versions: Sequence[Asked], members: Sequence[str], *, leave_out: bool = True) -> Said:
    """Weigh, calibrate and pool these members, version by version, as a training does.

    Without ``leave_out`` each member keeps its half of an equal share, however little it adds.
    """
    parts, weights = [], []
    for one in versions:
        kept = {name: p for name, p in one.oof.probabilities.items() if name in members}
        learnt = weighing.learn(OutOfFold(kept, one.oof.classes, {}), useless=pool.USELESS if leave_out else 0.0)
        parts.append(learnt.pooled({name: one.later[name] for name in kept}))
        weights.append({name: learnt.weights.get(name, 0.0) for name in members})
    usual = [np.tile(one.usual, (len(one.classes), 1)) for one in versions]
    silent = [np.isnan(p).any(axis=1, keepdims=True) for p in parts]
    together = [np.where(nothing, rates, p) for nothing, rates, p in zip(silent, usual, parts, strict=True)]
    return Said(
        ", ".join(members) + ("" if leave_out else " (none left out)"),
        np.concatenate(together),
        np.concatenate(usual),
        np.concatenate([one.classes for one in versions]),
        pd.DatetimeIndex(np.repeat([one.as_of for one in versions], [len(one.classes) for one in versions])),
        {name: float(np.mean([one[name] for one in weights])) for name in members},
    )


def judge(one: Said, first: Said, rows: NDArray[np.bool_]) -> Judged:
    """Score a set on some rows, beside the usual rates and the first set."""
    p, usual, y, quarter = one.p[rows], one.usual[rows], one.y[rows], one.quarter[rows]
    losses, moved = comparison.losses(p, y), y != 1
    hits, promised, _ = leaning.hits(p, usual, y)
    shares = np.bincount(p.argmax(axis=1), minlength=3) / max(len(y), 1)
    return Judged(
        n=len(y),
        n_quarters=len(quarter.unique()),
        against_usual=mean(losses - comparison.losses(usual, y), quarter),
        against_first=mean(losses - first.losses[rows], quarter),
        accuracy=float((p.argmax(axis=1) == y).mean()),
        direction=float(((p[:, 2] > p[:, 0]) == (y == 2))[moved].mean()),  # noqa: PLR2004 - the number of BULLISH
        lean=mean(hits - promised, quarter),
        named=(float(shares[0]), float(shares[1]), float(shares[2])),
    )


def mean(values: Floats, quarter: pd.DatetimeIndex) -> Mean:
    """Mean of rows with its 95 % interval over quarters; without one for fewer than three quarters."""
    with extras.needed():
        from scipy.stats import t

    sums = pd.DataFrame({"sum": values, "n": 1.0}).groupby(np.asarray(quarter.asi8)).sum()
    middle, k = float(values.mean()), len(sums)
    if k < _LEAST_QUARTERS:
        return Mean(middle, np.nan, np.nan)
    apart = (sums["sum"] - middle * sums["n"]).to_numpy()
    half = float(t.ppf(0.975, k - 1) * np.sqrt((apart**2).sum() * k / (k - 1)) / len(values))
    return Mean(middle, middle - half, middle + half)
