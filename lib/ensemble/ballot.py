"""The members' votes on some rows, pooled to a forecast for each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lib.ensemble import pool
from lib.ensemble.votes import Member, Probabilities, Rows, Votes
from lib.errors import AllMembersAbstainedError
from lib.market.labels import CLASSES, LabelSpec

Progress = Callable[[str, int, int], None]
"""Told the member that votes next, its number from 1, and how many there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Ballot:
    """Votes of every member on n rows and what they add up to.

    Attributes
    ----------
    rows : the rows voted on.
    votes : by member.
    weights : before redistribution, by member.
    probabilities : pooled and calibrated, shape (n, 3); NaN on rows where every member abstained.
    labels : most probable class numbers, shape (n,); meaningless on NaN rows.
    """

    rows: Rows
    votes: Mapping[str, Votes]
    weights: Mapping[str, float]
    probabilities: Probabilities
    labels: NDArray[np.int64]

    @property
    def by_member(self) -> dict[str, Probabilities]:
        return {name: votes.probabilities for name, votes in self.votes.items()}

    def last(self) -> dict[str, Any]:
        """Describe the newest row in plain values; raises AllMembersAbstainedError when it has no votes."""
        abstentions = {name: votes.reason for name, votes in self.votes.items() if not _voted(votes)}
        shares = dict(zip(self.votes, pool.row_weights(self.by_member, self.weights)[:, -1].tolist(), strict=True))
        probabilities = self.probabilities[-1]
        if not np.isfinite(probabilities).all():
            weightless = {name: "it has no weight" for name in self.votes if name not in abstentions}
            raise AllMembersAbstainedError(abstentions | weightless)
        label = int(self.labels[-1])
        return {
            "label": CLASSES[label],
            "confidence": float(probabilities[label]),
            "agreement": float(pool.agreement(self.by_member, self.weights, self.labels)[-1]),
            "probabilities": _named(probabilities),
            "component_predictions": {
                name: {
                    "label": CLASSES[int(votes.probabilities[-1].argmax())],
                    "probabilities": _named(votes.probabilities[-1]),
                    "weight": shares[name],
                }
                for name, votes in self.votes.items()
                if name not in abstentions
            },
            "weights_used": {name: share for name, share in shares.items() if name not in abstentions},
            "abstentions": abstentions,
            "as_of": pd.Timestamp(self.rows.index[-1]) if isinstance(self.rows.index, pd.DatetimeIndex) else None,
        }

    def table(self) -> pd.DataFrame:
        """One line per row: the three probabilities, label, confidence and agreement; NaN and None without votes."""
        table = pd.DataFrame(self.probabilities, index=self.rows.index, columns=list(CLASSES))
        names = np.array(CLASSES, dtype=object)[self.labels]
        names[np.isnan(self.probabilities).any(axis=1)] = None
        table["label"] = names
        table["confidence"] = self.probabilities[np.arange(len(table)), self.labels]
        table["agreement"] = pool.agreement(self.by_member, self.weights, self.labels)
        return table


def collect(
    members: Mapping[str, Member],
    weights: Mapping[str, float],
    rows: Rows,
    *,
    label: LabelSpec,
    temperature: float,
    progress: Progress | None = None,
) -> Ballot:
    """Ask every member about every row and pool what they say."""
    votes = {}
    for number, (name, member) in enumerate(members.items(), start=1):
        if progress is not None:
            progress(name, number, len(members))
        votes[name] = member.predict(rows, label=label)
    by_member = {name: vote.probabilities for name, vote in votes.items()}
    pooled = pool.apply_temperature(pool.combine(by_member, weights), temperature)
    labels = np.where(np.isfinite(pooled), pooled, -1.0).argmax(axis=1)
    return Ballot(rows, votes, weights, pooled, labels)


def _voted(votes: Votes) -> bool:
    return bool(np.isfinite(votes.probabilities[-1]).all())


def _named(probabilities: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(CLASSES, probabilities.tolist(), strict=True))
