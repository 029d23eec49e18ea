"""What a version aims at, horizon and label, as its content tells it; what nobody has told stays unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ensemble_desk.errors import InvalidHorizonError
from ensemble_desk.market import bars, timeframes
from ensemble_desk.market.labels import LabelSpec

_MOST_BELIEVED = 0.3
UNTOLD = "nobody has told its horizon and label"


@dataclass(frozen=True, slots=True)
class Aim:
    """The trained horizon by name and in bars, and the label that scores it; None where that is not known."""

    horizon: str | None = None
    horizon_bars: int | None = None
    label: LabelSpec | None = None


def of_content(content: Mapping[str, Any], *, timeframe: str) -> Aim:
    """Read the aim of a version: its ``label`` and ``horizon``, else ``config`` with ``horizon`` and ``threshold``.

    A threshold is a log return. Anything that cannot be understood counts as not told.
    """
    label, told = label_of(content.get("label")), content.get("horizon")
    config = content.get("config")
    if label is None and isinstance(config, Mapping):
        n_bars, limit = bars_of(config.get("horizon"), timeframe=timeframe), _limit(config.get("threshold"))
        if n_bars is not None and limit is not None:
            label = LabelSpec(n_bars, "fixed", fixed_threshold=limit)
        told = told or config.get("horizon")
    if label is not None:
        named = isinstance(told, str) and told and not told.strip().isdecimal()
        name = str(told) if named else name_of(label.horizon_bars, timeframe=timeframe)
        return Aim(name, label.horizon_bars, label)
    n_bars = bars_of(told, timeframe=timeframe)
    return Aim() if n_bars is None else Aim(name_of(n_bars, timeframe=timeframe), n_bars)


def label_of(stored: object) -> LabelSpec | None:
    """Read a label definition; None for what another program may have left in its place."""
    if not isinstance(stored, Mapping):
        return None
    try:
        label = LabelSpec.from_dict(dict(stored))
    except TypeError:
        return None
    sound = isinstance(label.horizon_bars, int) and label.horizon_bars > 0 and label.price in bars.PRICES
    return label if sound and label.rule in {"volatility", "fixed"} else None


def bars_of(told: object, *, timeframe: str) -> int | None:
    """Read a horizon in bars out of a number such as 5, its text, or a name such as ``1W``; None for anything else."""
    if isinstance(told, str):
        try:
            return _whole(timeframes.read_horizon(timeframe, told).bars)
        except InvalidHorizonError:
            return None
    return _whole(told) if isinstance(told, int) and not isinstance(told, bool) else None


def name_of(n_bars: int, *, timeframe: str) -> str:
    """Name a horizon: as the timeframe names it, else by its bars."""
    named = {length: name for name, length in timeframes.horizons(timeframe).items()}
    return named.get(n_bars, f"{n_bars} bars")


def horizons_beside(aim: Aim, *, timeframe: str) -> dict[str, int]:
    """Give the horizons of a timeframe and the trained one, shortest first."""
    found = timeframes.horizons(timeframe)
    if aim.label is not None and aim.horizon is not None and aim.label.horizon_bars not in found.values():
        found[aim.horizon] = aim.label.horizon_bars
    return dict(sorted(found.items(), key=lambda one: one[1]))


def is_limit(value: float) -> bool:
    """Tell whether this can be a threshold of a label: a log return from 0 up to 1."""
    return 0 <= value < 1


def _limit(told: object) -> float | None:
    """Believe a threshold of ``config`` only where it can hardly be a share of votes or a percentage."""
    known = isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told < _MOST_BELIEVED
    return float(told) if known and isinstance(told, int | float) else None


def _whole(n_bars: int) -> int | None:
    return n_bars if 0 < n_bars <= 10_000 else None  # noqa: PLR2004 - longer than any series of bars
