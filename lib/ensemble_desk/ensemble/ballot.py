"""The members' votes on some rows, pooled to a forecast for each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.ensemble import pool
from ensemble_desk.ensemble.pool import Pool
from ensemble_desk.ensemble.votes import MOVES, Member, Probabilities, Rows, Votes
from ensemble_desk.market import usual_rates
from ensemble_desk.market.labels import CLASSES, LabelSpec
from ensemble_desk.market.usual_rates import Rates

Progress = Callable[[str, int, int], None]
"""Told the member that votes next, its number from 1, and how many there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Ballot:
    """Votes of every member on n rows and what they add up to.

    Attributes
    ----------
    rows : the rows voted on.
    votes : by member.
    pool : the same votes as arrays, and each member's weight on each row after redistribution.
    probabilities : pooled and calibrated, shape (n, 3); NaN on rows where every member abstained.
    labels : most probable class numbers, shape (n,); meaningless on NaN rows.
    """

    rows: Rows
    votes: Mapping[str, Votes]
    pool: Pool
    probabilities: Probabilities
    labels: NDArray[np.int64]

    @property
    def by_member(self) -> dict[str, Probabilities]:
        return {name: votes.probabilities for name, votes in self.votes.items()}

    def table(self, usual: Rates | None = None) -> pd.DataFrame:
        """One line per row: the three probabilities, label, confidence, agreement, lean and edge; then the bands.

        Columns of bands are MOVES after the name of each price member, ``arima_garch_low_80``, in log returns.
        Without votes they are NaN and None. The edge is that of the lean over its usual rate; where no usual rates are
        given there is neither.
        """
        names = np.array(CLASSES, dtype=object)[self.labels]
        names[np.isnan(self.probabilities).any(axis=1)] = None
        rates = np.full(3, np.nan) if usual is None else np.array(usual)
        columns: dict[str, NDArray[Any]] = dict(zip(CLASSES, self.probabilities.T, strict=True))
        columns["label"] = names
        columns["confidence"] = self.probabilities[np.arange(len(names)), self.labels]
        columns["agreement"] = self.pool.agreement(self.labels)
        columns["lean"] = self.leans(usual)
        columns["edge"] = (self.probabilities - rates).max(axis=1)
        for name, moves in self.moves().items():
            columns |= {f"{name}_{what}": column for what, column in zip(MOVES, moves.T, strict=True)}
        return pd.DataFrame(columns, index=self.rows.index)

    def moves(self) -> dict[str, NDArray[np.float64]]:
        """Expected moves and their bands by member that describes prices, shape (n, 7) in the order of MOVES."""
        return {name: votes.moves() for name, votes in self.votes.items() if votes.moves is not None}

    def leans(self, usual: Rates | None) -> NDArray[np.object_]:
        """Name the lean of each row, shape (n,); None without votes or usual rates."""
        names = np.full(len(self.labels), None, dtype=object)
        if usual is not None:
            voted = np.isfinite(self.probabilities).all(axis=1)
            names[voted] = np.array(CLASSES, dtype=object)[usual_rates.leans(self.probabilities[voted], usual)]
        return names


def collect(
    members: Mapping[str, Member],
    weights: Mapping[str, float],
    rows: Rows,
    *,
    label: LabelSpec | None,
    temperature: float,
    progress: Progress | None = None,
) -> Ballot:
    """Ask every member about every row and pool what they say."""
    votes = {}
    for number, (name, member) in enumerate(members.items(), start=1):
        if progress is not None:
            progress(name, number, len(members))
        votes[name] = member.predict(rows, label=label)
    pooled = Pool.of({name: vote.probabilities for name, vote in votes.items()}, weights)
    probabilities = pool.apply_temperature(pooled.combined(), temperature)
    labels = np.where(np.isfinite(probabilities), probabilities, -1.0).argmax(axis=1)
    return Ballot(rows, votes, pooled, probabilities, labels)
