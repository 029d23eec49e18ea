"""How right leans are: the class furthest above its usual rate, scored beside baselines of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import comparison, confidence_sequences, intervals
from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.evaluation.intervals import AccuracyEstimate, Mean
from ensemble_desk.market import usual_rates
from ensemble_desk.market.labels import CLASSES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Leaning:
    """Hits of the leans on n rows; shares in 0..1.

    Attributes
    ----------
    accuracy : share of rows on which the class leaned to came.
    usual : the hits that the usual rates promise the very classes leaned to: a lean is worth what it adds to this.
    same : hits of leaning to ``same_class`` on every row, the class that was leaned to most often.
    excess : accuracy minus ``usual``; above 0 is better.
    verdict : what the interval of the excess says.
    shares : how often each class was leaned to, by name.
    """

    n: int
    accuracy: AccuracyEstimate
    usual: float
    same: float
    same_class: str
    excess: Mean
    verdict: Verdict
    shares: Mapping[str, float]

    @property
    def in_words(self) -> str:
        """One word, and the hits beside both baselines."""
        told = (
            f"{self.verdict}, right {self.accuracy.value:.1%}, by the usual rates {self.usual:.1%}, "
            f"always {self.same_class.capitalize()} {self.same:.1%}"
        )
        return told.replace("%", " %")


def at_one_look(p: Floats, usual: Floats, y: Ints, *, horizon_bars: int) -> Leaning | None:
    """Score the leans of a closed period, shapes (n, 3), (n, 3), (n,); None without rows."""
    if not len(y):
        return None
    right, promised, leans = hits(p, usual, y)
    excess, _ = intervals.at_one_look(right - promised, horizon_bars=horizon_bars)
    accuracy = intervals.share_at_one_look(right > 0, horizon_bars=horizon_bars)
    return _told(leans, y, promised, accuracy=accuracy, excess=excess)


def daily(p: Floats, usual: Floats, y: Ints, *, horizon_bars: int) -> Leaning | None:
    """Score all leans so far, with intervals that may be looked at every day; None without rows."""
    if not len(y):
        return None
    right, promised, leans = hits(p, usual, y)
    excess = confidence_sequences.mean(right - promised, lowest=-1.0, highest=1.0, horizon_bars=horizon_bars)
    accuracy = confidence_sequences.share(right > 0, horizon_bars=horizon_bars)
    return _told(leans, y, promised, accuracy=accuracy, excess=excess)


def hits(p: Floats, usual: Floats, y: Ints) -> tuple[Floats, Floats, Ints]:
    """Which leans came true, what the usual rates promised each, and the leans; shapes (n,)."""
    leans = usual_rates.leans(p, usual)
    return (leans == y).astype(np.float64), usual[np.arange(len(y)), leans], leans


def _told(leans: Ints, y: Ints, promised: Floats, *, accuracy: AccuracyEstimate, excess: Mean) -> Leaning:
    shares = np.bincount(leans, minlength=len(CLASSES)) / len(leans)
    same = int(shares.argmax())
    return Leaning(
        n=len(y),
        accuracy=accuracy,
        usual=float(promised.mean()),
        same=float((y == same).mean()),
        same_class=CLASSES[same],
        excess=excess,
        verdict=comparison.said(Mean(-excess.value, -excess.high, -excess.low)),  # a loss is better when negative
        shares=dict(zip(CLASSES, shares.tolist(), strict=True)),
    )
