"""Sums as text and back, to the last bit."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.evaluation import e_process
from ensemble_desk.evaluation.confidence_sequences import Means
from ensemble_desk.evaluation.skill import Scores
from ensemble_desk.monitoring.evidence.calibration import Promised
from ensemble_desk.monitoring.evidence.sums import Before, Judged, Sums

_ARRAYS = ("right", "came", "named", "as_of", "correct", "y", "target")
_BETS = ("totals", "squares", "logs")
_AS_TOLD = ("band", "evidence", "e_value", "margin")


def write(sums: Sums) -> str:
    """Write sums as JSON, arrays as the bytes they are."""
    scores, judged = sums.scores, sums.judged
    told = {
        "n": sums.n,
        "promised": {
            "total": sums.promised.total,
            "is_certain": sums.promised.is_certain,
            "gap": _means(sums.promised.gap),
        },
        "scores": None if scores is None else {"log_loss": _means(scores.log_loss), "rps": _means(scores.rps)},
        "judged": None if judged is None else _judged(judged),
    }
    return json.dumps(told | {name: _packed(getattr(sums, name)) for name in _ARRAYS})


def read(text: str) -> Sums:
    """Read what :func:`write` wrote."""
    told = json.loads(text)
    promised, scores, judged = told["promised"], told["scores"], told["judged"]
    return Sums(
        n=told["n"],
        promised=Promised(promised["total"], promised["is_certain"], _read_means(promised["gap"])),
        scores=None if scores is None else Scores(_read_means(scores["log_loss"]), _read_means(scores["rps"])),
        judged=None if judged is None else _read_judged(judged),
        **{name: _unpacked(told[name]) for name in _ARRAYS},
    )


def _means(bets: Means) -> dict[str, Any]:
    told = {"lowest": bets.lowest, "highest": bets.highest, "n": bets.n, "total": bets.total}
    return told | {name: _packed(getattr(bets, name)) for name in _BETS}


def _read_means(told: Mapping[str, Any]) -> Means:
    return Means(**(dict(told) | {name: _unpacked(told[name]) for name in _BETS}))


def _judged(judged: Judged) -> dict[str, Any]:
    first, at_first = judged.read
    return {
        "process": judged.process.plain(),
        "before": [[number, _before(one)] for number, one in judged.before.items()],
        "read": [first, _before(at_first)],
        "alarm_at": None if judged.alarm_at is None else judged.alarm_at.isoformat(),
        "sparkline": list(judged.sparkline),
    } | {name: getattr(judged, name) for name in _AS_TOLD}


def _read_judged(told: Mapping[str, Any]) -> Judged:
    first, at_first = told["read"]
    return Judged(
        process=e_process.from_plain(told["process"]),
        before={number: _read_before(one) for number, one in told["before"]},
        read=(first, _read_before(at_first)),
        alarm_at=None if told["alarm_at"] is None else _time(told["alarm_at"]),
        sparkline=tuple(told["sparkline"]),
        **{name: told[name] for name in _AS_TOLD},
    )


def _before(one: Before) -> list[Any]:
    return [one.right, list(one.came), one.as_of.isoformat()]


def _read_before(told: list[Any]) -> Before:
    right, came, as_of = told
    return Before(right, tuple(came), _time(as_of))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _packed(array: NDArray[Any]) -> list[Any]:
    data = np.ascontiguousarray(array)
    return [data.dtype.str, list(data.shape), base64.b64encode(data.tobytes()).decode()]


def _unpacked(told: list[Any]) -> NDArray[Any]:
    kind, shape, data = told
    return np.frombuffer(base64.b64decode(data), np.dtype(kind)).reshape(shape).copy()
