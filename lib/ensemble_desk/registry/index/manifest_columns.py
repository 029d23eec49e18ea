"""What a manifest tells, as the columns of the index; anything that is not what it should be counts as unknown."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_UNKNOWN_ACCURACY = -1.0  # sorts after every known one


def of_manifest(content: Mapping[str, Any]) -> dict[str, Any]:
    """Read accuracy, weights, data window and run out of a manifest's content, ours or a plain artifact's."""
    evaluation = _mapping(content.get("evaluation"))
    ensemble = _mapping(evaluation.get("ensemble"))
    window = _mapping(content.get("data_window"))
    accuracy = _share(content.get("ensemble_accuracy"))
    return {
        "ensemble_accuracy": accuracy,
        "accuracy_sort": _UNKNOWN_ACCURACY if accuracy is None else accuracy,
        "baseline_accuracy": _share(evaluation.get("baseline_accuracy")),
        "accuracy_low": _share(ensemble.get("low")),
        "accuracy_high": _share(ensemble.get("high")),
        "n_holdout": _whole(evaluation.get("n_holdout")),
        "n_eff": _number(evaluation.get("n_eff")),
        "weights": {
            str(name): share
            for name, weight in _mapping(content.get("weights")).items()
            if (share := _number(weight)) is not None
        },
        "first_bar": _time(window.get("first_bar")),
        "last_bar": _time(window.get("last_bar")),
        "run_id": _whole(content.get("run_id")),
        "leakage_suspected": bool(evaluation.get("leakage")),
    }


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _share(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 0 <= number < 2**31 and number == int(number) else None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
