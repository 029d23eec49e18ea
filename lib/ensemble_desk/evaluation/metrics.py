"""Scores of probability forecasts over BEARISH, NEUTRAL, BULLISH against what happened."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.market.labels import BEARISH, BULLISH, CLASSES, NEUTRAL

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SMALLEST = 1e-15  # keeps the logarithm finite for a forecast of exactly zero


def accuracy(p: Floats, y: Ints) -> float:
    """Share of rows whose most probable class happened; p of shape (n, 3), y of shape (n,)."""
    return float(np.mean(p.argmax(axis=1) == y))


def log_loss(p: Floats, y: Ints) -> float:
    """Mean negative log probability of what happened, in nats (ln 3 = 1.0986 knows nothing)."""
    return float(-np.mean(np.log(np.maximum(p[np.arange(len(y)), y], _SMALLEST))))


def brier(p: Floats, y: Ints) -> float:
    """Mean squared distance between forecast and outcome, summed over the classes (0 best, 2 worst)."""
    return float(np.mean(((p - np.eye(3)[y]) ** 2).sum(axis=1)))


def rps(p: Floats, y: Ints) -> float:
    """Ranked probability score, over the two class borders and halved (0 best, 1 worst); knows the classes' order."""
    return float(np.mean(rps_of(p, y)))


def rps_of(p: Floats, y: Ints) -> Floats:
    """Ranked probability score of each row, shape (n,)."""
    distance = np.cumsum(p, axis=1) - np.cumsum(np.eye(3)[y], axis=1)
    return np.asarray((distance[:, :2] ** 2).sum(axis=1) / 2)


def confusion(p: Floats, y: Ints) -> Ints:
    """Counts of shape (3, 3): rows are what happened, columns what was forecast."""
    table = np.zeros((3, 3), dtype=np.int64)
    np.add.at(table, (y, p.argmax(axis=1)), 1)
    return table


def precision_recall_f1(table: Ints) -> dict[str, dict[str, float]]:
    """Per class and weighted by support, from a confusion table; a class never forecast has precision 0.

    The weighted recall equals the accuracy.
    """
    hits, support = np.diag(table).astype(float), table.sum(axis=1)
    precision = hits / np.maximum(table.sum(axis=0), 1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, _SMALLEST)
    result = {
        name: {
            "precision": float(precision[k]),
            "recall": float(recall[k]),
            "f1": float(f1[k]),
            "support": int(support[k]),
        }
        for k, name in enumerate(CLASSES)
    }
    share = support / max(int(support.sum()), 1)
    result["weighted"] = {
        "precision": float(share @ precision),
        "recall": float(share @ recall),
        "f1": float(share @ f1),
        "support": int(support.sum()),
    }
    return result


def volatility_skill(p: Floats, y: Ints) -> float | None:
    """Accuracy of "NEUTRAL or a move", above its baseline; None without rows.

    The baseline is what the same calls would score if they were dealt out to the rows at random, so a forecaster
    that always makes the same call has skill 0, whatever the market did.
    """
    return _above_chance(p.argmax(axis=1) == NEUTRAL, y == NEUTRAL)


def direction_skill(p: Floats, y: Ints) -> float | None:
    """Accuracy of "up or down" among the rows that moved, above its baseline; None when no row moved.

    The call is the likelier of BULLISH and BEARISH, even where NEUTRAL is likelier than both; the baseline is the
    same as for :func:`volatility_skill`.
    """
    moved = y != NEUTRAL
    return _above_chance((p[:, BULLISH] > p[:, BEARISH])[moved], (y == BULLISH)[moved])


def _above_chance(called: NDArray[np.bool_], happened: NDArray[np.bool_]) -> float | None:
    if not len(called):
        return None
    q, s = called.mean(), happened.mean()
    return float(np.mean(called == happened) - (q * s + (1 - q) * (1 - s)))


def scores(p: Floats, y: Ints) -> dict[str, Any]:
    """Every score as plain numbers, ready for JSON; rows of p that are NaN (abstained) are left out of all of them.

    ``n`` counts the rows scored; the other values are None when it is 0. ``promised`` is the mean confidence.
    """
    voted = np.isfinite(p).all(axis=1)
    p, y = p[voted], y[voted].astype(np.int64)
    names = ("accuracy", "promised", "log_loss", "brier", "rps", "precision", "recall", "f1", "per_class", "confusion")
    if not len(y):
        return {"n": 0} | dict.fromkeys((*names, "volatility_skill", "direction_skill"))
    table = confusion(p, y)
    per_class = precision_recall_f1(table)
    weighted = per_class.pop("weighted")
    return {
        "n": len(y),
        "accuracy": accuracy(p, y),
        "promised": float(p.max(axis=1).mean()),
        "log_loss": log_loss(p, y),
        "brier": brier(p, y),
        "rps": rps(p, y),
        "precision": weighted["precision"],
        "recall": weighted["recall"],
        "f1": weighted["f1"],
        "per_class": per_class,
        "confusion": table.tolist(),
        "volatility_skill": volatility_skill(p, y),
        "direction_skill": direction_skill(p, y),
    }
