"""A row asked alone gets what a ballot over many rows says of it, to the last bit."""

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.ensemble import ballot, newest
from ensemble_desk.ensemble.votes import Rows, Votes
from ensemble_desk.errors import AllMembersAbstainedError
from ensemble_desk.market.labels import CLASSES, LabelSpec

NAMES = ("rf", "gb", "arima_garch", "prophet", "lstm")
LABEL = LabelSpec(5)
INDEX = pd.date_range("2024-01-01", periods=300, tz="UTC")


class Told:
    """A member that says what a test wants, about the rows it is asked."""

    def __init__(self, votes):
        self.votes = pd.DataFrame(votes, INDEX)

    def predict(self, rows, *, label):  # noqa: ARG002 - a member's form
        return Votes(self.votes.loc[rows.index].to_numpy(), "it would not say")


def members(n_members):
    generator = np.random.default_rng(n_members)
    votes = generator.dirichlet([2, 2, 2], size=(n_members, len(INDEX)))
    votes[generator.random((n_members, len(INDEX))) < 0.2] = np.nan
    weights = dict(zip(NAMES, generator.random(n_members).tolist(), strict=False))
    return {name: Told(vote) for name, vote in zip(NAMES, votes, strict=False)}, weights


@pytest.mark.parametrize("n_members", [1, 2, 5])
@pytest.mark.parametrize("temperature", [1.0, 0.8, 1.7])
def test_every_row_alone_equals_the_row_among_others(n_members, temperature):
    asked, weights = members(n_members)
    many = ballot.collect(asked, weights, Rows(INDEX, None, None), label=LABEL, temperature=temperature)
    table, silent = many.table(), 0
    for at, day in enumerate(INDEX):
        alone = Rows(INDEX[at : at + 1], None, None)
        if not many.pool.voted[:, at].any():
            silent += 1
            with pytest.raises(AllMembersAbstainedError):
                newest.forecast(asked, weights, alone, label=LABEL, temperature=temperature)
            continue
        told = newest.forecast(asked, weights, alone, label=LABEL, temperature=temperature)
        row = table.loc[day]
        assert list(told["probabilities"].values()) == row[list(CLASSES)].tolist()
        assert (told["label"], told["confidence"], told["agreement"]) == (row.label, row.confidence, row.agreement)
        voted = [name for name, present in zip(asked, many.pool.voted[:, at], strict=True) if present]
        assert list(told["weights_used"]) == list(told["component_predictions"]) == voted
        assert list(told["weights_used"].values()) == many.pool.shares[many.pool.voted[:, at], at].tolist()
        assert set(told["abstentions"]) == set(asked) - set(voted)
        assert told["as_of"] == day
    assert silent < len(INDEX)


def test_members_without_weight_alone_make_no_forecast():
    asked, _ = members(2)
    voted = next(day for day in INDEX if all(member.votes.loc[day].notna().all() for member in asked.values()))
    with pytest.raises(AllMembersAbstainedError, match="no weight"):
        newest.forecast(asked, {"other": 1.0}, Rows(INDEX[voted == INDEX], None, None), label=LABEL, temperature=1.0)
