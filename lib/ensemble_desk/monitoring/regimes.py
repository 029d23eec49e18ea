"""Skill and accuracy apart by regime: calendar months, and thirds of volatility; each is looked at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import intervals, skill
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.evaluation.skill import Skill
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.monitoring.evidence import references

Floats = NDArray[np.float64]

MOST_MONTHS = 60
THIRDS = ("calm", "usual", "stormy")
_LEAST_ROWS = 30  # below which thirds say nothing


@dataclass(frozen=True, slots=True)
class Regime:
    """Some rows of a version: how right they were, and their skill against the usual rates."""

    name: str
    accuracy: AccuracyEstimate
    majority: AccuracyEstimate | None
    skill: Skill | None


def usual(rows: Matured, found: Mapping[str, Definition]) -> Floats | None:
    """Usual rates of each row's version, shape (n, 3); None when a version that spoke does not tell them."""
    rates = [found[name].usual_rates if name in found else None for name in rows.versions]
    spoke = set(rows.version.tolist())
    if any(rates[number] is None for number in spoke):
        return None
    table = np.array([one or (0.0, 0.0, 0.0) for one in rates], dtype=np.float64).reshape(-1, 3)
    return table[rows.version]


def by_month(rows: Matured, rates: Floats | None, *, horizon_bars: int) -> tuple[Regime, ...]:
    """Split by the month of the bar forecast at, newest last."""
    months = rows.as_of.astype("datetime64[M]")
    return tuple(
        _regime(str(month), rows, rates, months == month, horizon_bars=horizon_bars)
        for month in np.unique(months)[-MOST_MONTHS:]
    )


def by_volatility(rows: Matured, rates: Floats | None, *, horizon_bars: int) -> tuple[Regime, ...]:
    """Split into thirds by the volatility that each threshold was made of; none where thresholds are fixed or few."""
    if len(rows) < _LEAST_ROWS or len(np.unique(rows.threshold)) < len(rows) / 2:
        return ()
    place = np.argsort(np.argsort(rows.threshold, kind="stable"), kind="stable") * len(THIRDS) // len(rows)
    return tuple(
        _regime(name, rows, rates, place == number, horizon_bars=horizon_bars) for number, name in enumerate(THIRDS)
    )


def _regime(name: str, rows: Matured, rates: Floats | None, chosen: NDArray[np.bool_], *, horizon_bars: int) -> Regime:
    some = rows.take(chosen)
    found = None if rates is None else skill.at_one_look(some.p, rates[chosen], some.y, horizon_bars=horizon_bars)
    accuracy = intervals.share_at_one_look(some.correct, horizon_bars=horizon_bars)
    return Regime(name, accuracy, references.majority(some.y, horizon_bars=horizon_bars), found)
