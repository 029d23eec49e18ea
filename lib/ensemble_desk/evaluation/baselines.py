"""What forecasters without any skill would have scored on the same holdout."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import metrics
from ensemble_desk.market.labels import BULLISH

Ints = NDArray[np.int64]


def baselines(y_train: Ints, y_holdout: Ints, *, horizon_bars: int, last_labels: Ints) -> dict[str, dict[str, float]]:
    """Accuracy of each baseline, and for the class prior its probability scores as well.

    Parameters
    ----------
    y_train
        class numbers of the training part, shape (n_train,); majority and prior are learnt from them.
    y_holdout
        class numbers of the holdout, shape (n,).
    horizon_bars
        h; persistence repeats the label of bar t - h, the newest one known at t.
    last_labels
        class numbers of the h rows right before the holdout (the gap), shape (h,).

    Returns
    -------
    Names ``majority``, ``always_bullish``, ``persistence``, ``prior``, each with ``accuracy``; ``prior`` also with
    ``log_loss``, ``brier`` and ``rps``.
    """
    shares = np.bincount(y_train, minlength=3) / len(y_train)
    majority = int(shares.argmax())
    known = np.concatenate([last_labels[-horizon_bars:], y_holdout])[: len(y_holdout)]
    prior = np.tile(shares, (len(y_holdout), 1))
    return {
        "majority": {"accuracy": float(np.mean(y_holdout == majority))},
        "always_bullish": {"accuracy": float(np.mean(y_holdout == BULLISH))},
        "persistence": {"accuracy": float(np.mean(known == y_holdout))},
        "prior": {
            "accuracy": metrics.accuracy(prior, y_holdout),
            "log_loss": metrics.log_loss(prior, y_holdout),
            "brier": metrics.brier(prior, y_holdout),
            "rps": metrics.rps(prior, y_holdout),
        },
    }


def published(results: Mapping[str, Mapping[str, float]]) -> float:
    """Give the accuracy that is printed beside every version: the training majority's on the holdout."""
    return float(results["majority"]["accuracy"])
