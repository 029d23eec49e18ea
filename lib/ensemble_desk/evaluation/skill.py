"""Skill worth having: a forecast's scores minus those of the usual rates, in numbers and in one word."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import comparison, confidence_sequences, intervals, metrics
from ensemble_desk.evaluation.comparison import LEAST_PROBABILITY, Verdict
from ensemble_desk.evaluation.confidence_sequences import Means
from ensemble_desk.evaluation.intervals import Mean
from ensemble_desk.market.labels import CLASSES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LIMITS = ("value", "low", "high")


@dataclass(frozen=True, slots=True)
class Skill:
    """Scores of a forecaster minus those of the usual rates, on n rows; negative is better.

    Attributes
    ----------
    log_loss : difference in nats, with probabilities taken at 2 % at least.
    rps : difference in the ranked probability score.
    verdict : what the interval of the log-loss difference says.
    """

    n: int
    log_loss: Mean
    rps: Mean
    verdict: Verdict

    @property
    def in_words(self) -> str:
        """One word, and the log-loss difference that it is said by."""
        told = f"{self.log_loss.value:+.4f}"
        if math.isfinite(self.log_loss.low):
            told += f" [{self.log_loss.low:+.4f}, {self.log_loss.high:+.4f}]"
        return f"{self.verdict}, {told}".replace("-", "−")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Bets on both differences, after all forecasts so far."""

    log_loss: Means
    rps: Means


def of_manifest(evaluation: Mapping[str, Any]) -> Skill | None:
    """Read the holdout's skill out of a manifest's evaluation; None where it is not told, as in older versions."""
    told = evaluation.get("skill")
    if not isinstance(told, Mapping):
        return None
    try:
        log_loss, rps = (
            Mean(*(math.nan if told[score][name] is None else float(told[score][name]) for name in _LIMITS))
            for score in ("log_loss", "rps")
        )
        return Skill(int(told["n"]), log_loss, rps, Verdict(told["verdict"]))
    except (KeyError, TypeError, ValueError):
        return None


def no_call(names: Sequence[str]) -> str:
    """Say which classes are never named; nothing where each is."""
    return f"It never names {' or '.join(names)}." if names else ""


def at_one_look(p: Floats, usual: Floats, y: Ints, *, horizon_bars: int) -> Skill | None:
    """Score forecasts of a closed period, shapes (n, 3), against the usual rates; None without rows."""
    if not len(y):
        return None
    log_loss, _ = intervals.at_one_look(_apart(p, usual, y), horizon_bars=horizon_bars)
    rps, _ = intervals.at_one_look(metrics.rps_of(p, y) - metrics.rps_of(usual, y), horizon_bars=horizon_bars)
    return Skill(len(y), log_loss, rps, comparison.said(log_loss))


def daily(p: Floats, usual: Floats, y: Ints, *, horizon_bars: int) -> Skill | None:
    """Score all forecasts so far, shapes (n, 3), with intervals that may be looked at every day; None without rows."""
    if not len(y):
        return None
    return so_far(advance(begin(usual, horizon_bars=horizon_bars), p, usual, y))


def begin(usual: Floats, *, horizon_bars: int) -> Scores:
    """Before the first forecast; ``usual`` holds every rate that will be compared with, in any shape."""
    rates = np.clip(usual, LEAST_PROBABILITY, 1.0)
    lowest, highest = float(np.log(rates.min())), float(np.log(rates.max() / LEAST_PROBABILITY))
    return Scores(
        log_loss=confidence_sequences.begin(lowest=lowest, highest=highest, horizon_bars=horizon_bars),
        rps=confidence_sequences.begin(lowest=-1.0, highest=1.0, horizon_bars=horizon_bars),
    )


def advance(before: Scores, p: Floats, usual: Floats, y: Ints) -> Scores:
    """Go on by n forecasts, shapes (n, 3), (n, 3), (n,); the same one by one or at once."""
    return Scores(
        log_loss=confidence_sequences.advance(before.log_loss, _apart(p, usual, y)),
        rps=confidence_sequences.advance(before.rps, metrics.rps_of(p, y) - metrics.rps_of(usual, y)),
    )


def so_far(found: Scores) -> Skill:
    """Say how the forecasts so far score against the usual rates."""
    log_loss = confidence_sequences.mean_so_far(found.log_loss)
    return Skill(found.log_loss.n, log_loss, confidence_sequences.mean_so_far(found.rps), comparison.said(log_loss))


def never_named(p: Floats) -> tuple[str, ...]:
    """Classes that no forecast named as the most probable one; none where there is no forecast."""
    return missing(named(p)) if len(p) else ()


def named(p: Floats) -> Ints:
    """How often each class was the most probable one, shape (3,)."""
    return np.bincount(p.argmax(axis=1), minlength=len(CLASSES))


def missing(named: Ints) -> tuple[str, ...]:
    """Classes that were named not once."""
    return tuple(name for name, n in zip(CLASSES, named.tolist(), strict=True) if not n)


def _apart(p: Floats, usual: Floats, y: Ints) -> Floats:
    return comparison.losses(p, y) - comparison.losses(usual, y)
