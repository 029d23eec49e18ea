"""Signs that a score is too good to be honest."""

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation.intervals import AccuracyEstimate

SUSPICIOUS_LEAD = 0.10  # lower bound above the majority class; honest versions lead by one to four points


def marks(
    ensemble: AccuracyEstimate,
    *,
    majority: float,
    twin: AccuracyEstimate | None = None,
    twin_chance: float | None = None,
) -> tuple[str, ...]:
    """Give one sentence for each reason to suspect that the future leaked into a version; empty when there is none.

    Parameters
    ----------
    ensemble
        holdout accuracy of the version.
    majority
        holdout accuracy of the training majority class.
    twin
        holdout accuracy of the same procedure on shuffled labels, see :func:`shuffled`; None when not run.
    twin_chance
        what the best constant answer scores on the twin's holdout; ``majority`` when None.
    """
    found = []
    if ensemble.n and ensemble.low > majority + SUSPICIOUS_LEAD:
        found.append(
            f"leakage suspected: the lower bound {ensemble.low:.1%} beats the majority class ({majority:.1%}) "
            f"by more than {SUSPICIOUS_LEAD * 100:.0f} points"
        )
    chance = majority if twin_chance is None else twin_chance
    if twin is not None and twin.n and twin.low > chance:
        found.append(
            f"leakage suspected: trained on shuffled labels it still scores {twin.value:.1%} "
            f"[{twin.low:.1%}, {twin.high:.1%}], above chance ({chance:.1%})"
        )
    return tuple(found)


def shuffled(y: NDArray[np.int64], *, seed: int) -> NDArray[np.int64]:
    """Deal all labels (training part and holdout together) out to the rows at random, for the twin."""
    return np.random.default_rng(seed).permutation(y)
