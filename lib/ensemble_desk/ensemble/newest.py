"""The forecast of a single row, which is asked all the time: what a ballot says of that row, in plain numbers.

A ballot takes some thirty calls of numpy for what are nine additions here. They are made in the same order, so that a
row alone and the same row among others give the same forecast to the last bit.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ensemble_desk.ensemble import pool
from ensemble_desk.ensemble.votes import MOVES, Member, Rows, Votes
from ensemble_desk.errors import AllMembersAbstainedError
from ensemble_desk.market.labels import CLASSES, LabelSpec

_Numbers = list[float]


def forecast(
    members: Mapping[str, Member],
    weights: Mapping[str, float],
    rows: Rows,
    *,
    label: LabelSpec | None,
    temperature: float,
) -> dict[str, Any]:
    """Ask every member about the last row, pool what they say, and describe it in plain values.

    Raises
    ------
    AllMembersAbstainedError
        When no member with weight votes.
    """
    told = {name: member.predict(rows, label=label) for name, member in members.items()}
    votes = {name: _finite(vote.probabilities[-1].tolist()) for name, vote in told.items()}
    voted = {name: vote for name, vote in votes.items() if vote is not None}
    abstentions = {name: vote.reason for name, vote in told.items() if name not in voted}
    total = 0.0
    for name in voted:
        total += weights.get(name, 0.0)
    if total == 0:
        raise AllMembersAbstainedError(abstentions | dict.fromkeys(voted, "it has no weight"))
    shares = {name: weights.get(name, 0.0) / total for name in voted}
    pooled = _pooled(voted, shares, temperature)
    favourites = {name: _favourite(vote) for name, vote in voted.items()}
    chosen, agreement = _favourite(pooled), 0.0
    for name, favourite in favourites.items():
        agreement += shares[name] if favourite == chosen else 0.0
    return {
        "label": CLASSES[chosen],
        "confidence": pooled[chosen],
        "agreement": agreement,
        "probabilities": _named(pooled),
        "component_predictions": {
            name: {"label": CLASSES[favourites[name]], "probabilities": _named(vote), "weight": shares[name]}
            for name, vote in voted.items()
        },
        "weights_used": shares,
        "abstentions": abstentions,
        "bands": {name: _bands(told[name]) for name in voted if told[name].moves is not None},
        "as_of": pd.Timestamp(rows.index[-1]) if isinstance(rows.index, pd.DatetimeIndex) else None,
    }


def _bands(vote: Votes) -> dict[str, float]:
    moves = vote.moves() if vote.moves is not None else np.zeros((0, len(MOVES)))
    return dict(zip(MOVES, moves[-1].tolist(), strict=True))


def _finite(vote: _Numbers) -> _Numbers | None:
    return vote if all(map(math.isfinite, vote)) else None


def _pooled(votes: Mapping[str, _Numbers], shares: Mapping[str, float], temperature: float) -> _Numbers:
    pooled = [0.0] * len(CLASSES)
    for name, vote in votes.items():
        share = shares[name]
        pooled = [so_far + share * probability for so_far, probability in zip(pooled, vote, strict=True)]
    if temperature == 1.0:
        return pooled
    scaled: _Numbers = pool.apply_temperature(np.array([pooled]), temperature)[0].tolist()
    return scaled


def _favourite(probabilities: _Numbers) -> int:
    return probabilities.index(max(probabilities))


def _named(probabilities: _Numbers) -> dict[str, float]:
    return dict(zip(CLASSES, probabilities, strict=True))
