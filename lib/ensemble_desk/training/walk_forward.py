"""Out-of-fold probabilities of every member on the train part, and which members said too little to be weighed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.ensemble.members import catalogue
from ensemble_desk.ensemble.votes import Member, Probabilities, Votes
from ensemble_desk.errors import MissingExtraError
from ensemble_desk.evaluation.splits import PurgedWalkForward
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.training.dataset import Dataset

N_FOLDS = 4
MOST_ABSTAINED = 0.5
"""A member silent on more than this share of rows is left out: a weight learnt from the rest would not be its own."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What every fit of one training has in common."""

    names: tuple[str, ...]
    label: LabelSpec
    timeframe: str
    seed: int
    feature_set: str = ""
    zone: str = "UTC"

    @property
    def pools(self) -> bool:
        """Whether one of its members learns from the rows of every symbol; those are ratios of our own features."""
        return catalogue.POOLED_MEMBERS & set(self.names) != frozenset() and not self.feature_set


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Probabilities of shape (n, 3) by member for the same n rows, and their classes of shape (n,).

    ``left_out`` maps members that abstained too often to the reason.
    """

    probabilities: Mapping[str, Probabilities]
    classes: NDArray[np.int64]
    left_out: Mapping[str, str]


def run(data: Dataset, train: NDArray[np.int64], recipe: Recipe, *, progress: Callable[[str], None]) -> OutOfFold:
    """Fit on the past, vote on the next block, fold by fold, with a gap of the horizon between both."""
    parts: dict[str, list[Votes]] = {name: [] for name in recipe.names}
    classes: list[NDArray[np.int64]] = []
    folds = PurgedWalkForward(n_splits=N_FOLDS, gap=recipe.label.horizon_bars)
    for number, (past, block) in enumerate(folds.split(len(train)), start=1):
        progress(f"walk-forward fold {number} of {N_FOLDS}")
        for name, votes in fit_and_vote(data, recipe, learn=train[past], ask=train[block]).items():
            parts[name].append(votes)
        classes.append(data.classes[train[block]])
    stacked = {name: np.concatenate([votes.probabilities for votes in given]) for name, given in parts.items()}
    left_out = {name: reason for name in recipe.names if (reason := _silence(stacked[name], parts[name]))}
    return OutOfFold(
        probabilities={name: p for name, p in stacked.items() if name not in left_out},
        classes=np.concatenate(classes),
        left_out=left_out,
    )


def fit_and_vote(
    data: Dataset, recipe: Recipe, *, learn: NDArray[np.int64], ask: NDArray[np.int64]
) -> dict[str, Votes]:
    """Fit a fresh member of each name on some rows and let it vote on others."""
    given = {}
    for name in recipe.names:
        member = fit(name, data, recipe, learn=learn, kept=False)
        given[name] = vote(member, data, recipe, ask=ask)
    return given


def fit(name: str, data: Dataset, recipe: Recipe, *, learn: NDArray[np.int64], kept: bool) -> Member | str:
    """Fit one member, to be asked alone or ``kept``; one whose library is missing gives what says what to install."""
    try:
        member = catalogue.build(name, label=recipe.label, timeframe=recipe.timeframe, seed=recipe.seed, kept=kept)
        return member.fit(data.learnt(learn), data.classes[learn], label=recipe.label)
    except MissingExtraError as error:
        return str(error)


def vote(member: Member | str, data: Dataset, recipe: Recipe, *, ask: NDArray[np.int64]) -> Votes:
    if isinstance(member, str):
        return Votes.abstain(len(ask), member)
    return member.predict(data.asked(ask), label=recipe.label)


def _silence(probabilities: Probabilities, given: Sequence[Votes]) -> str:
    share = float(np.isnan(probabilities).any(axis=1).mean())
    if share <= MOST_ABSTAINED:
        return ""
    reasons = dict.fromkeys(votes.reason for votes in given if votes.reason)
    return f"abstained on {share:.0%} of the out-of-fold rows: {'; '.join(reasons)}"
