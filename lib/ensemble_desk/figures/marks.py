"""Marks for lists: an accuracy on a scale that all rows share, and a line of how it went, as small SVG pictures.

Colours are the mid tones of the palette, so that a mark reads on the light and on the dark page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ensemble_desk.figures.style import palette

SCALE = (0.1, 0.9)  # shares at the ends of every accuracy mark; what lies beyond is drawn at the end
_WIDTH, _HEIGHT, _EDGE = 176, 24, 8
_LINE = (84, 24)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One accuracy as shares in 0..1; what is None is not drawn.

    Attributes
    ----------
    now, low, high : of the outcomes since training, with its interval.
    majority : of the same outcomes.
    validated : on the holdout.
    colour : of the grade that the key has.
    """

    now: float | None
    low: float | None
    high: float | None
    majority: float | None
    validated: float | None
    colour: str


def accuracy(told: Accuracy) -> str:
    """Draw the interval as a bar, the accuracy as a dot, the majority as a tick and the validated one hollow."""
    middle = _HEIGHT / 2
    parts = [_stroke(_EDGE, _WIDTH - _EDGE, middle, palette.MUTED, width=1, opacity=0.45)]
    if told.low is not None and told.high is not None:
        parts.append(_stroke(_x(told.low), _x(told.high), middle, told.colour, width=4, opacity=0.55))
    if told.majority is not None:
        x = _x(told.majority)
        parts.append(f'<path d="M{x} {middle - 8}V{middle + 8}" stroke="{palette.MUTED}" stroke-width="2"/>')
    if told.validated is not None:
        x = _x(told.validated)
        parts.append(
            f'<circle cx="{x}" cy="{middle}" r="5" fill="none" stroke="{palette.MUTED_NEXT}" stroke-width="1.8"/>'
        )
    if told.now is not None:
        parts.append(f'<circle cx="{_x(told.now)}" cy="{middle}" r="4.5" fill="{told.colour}"/>')
    return _svg(_WIDTH, _HEIGHT, parts)


def line(values: Sequence[float], *, colour: str) -> str:
    """Draw shares in 0..1, oldest first, between the ends of the scale of the accuracies."""
    width, height = _LINE
    low, high = SCALE
    step = (width - 4) / max(len(values) - 1, 1)
    at = [
        f"{2 + number * step:.1f},{2 + (height - 4) * (high - min(max(value, low), high)) / (high - low):.1f}"
        for number, value in enumerate(values)
    ]
    drawn = f'<polyline points="{" ".join(at)}" fill="none" stroke="{colour}" stroke-width="1.8" {_JOINED}/>'
    return _svg(width, height, [drawn] if len(values) > 1 else [])


_JOINED = 'stroke-linejoin="round" stroke-linecap="round"'


def _x(share: float) -> float:
    low, high = SCALE
    inside = min(max(share, low), high)
    return round(_EDGE + (_WIDTH - 2 * _EDGE) * (inside - low) / (high - low), 1)


def _stroke(start: float, end: float, y: float, colour: str, *, width: float, opacity: float) -> str:
    return (
        f'<path d="M{start} {y}H{end}" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}" '
        'stroke-linecap="round"/>'
    )


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )
