"""Still charts as SVG text, a few kilobytes each: lines with bands, and points with intervals."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ensemble_desk.figures.style import palette

Floats = NDArray[np.float64]

# Small enough that 12 units of height can be read on a phone of 360 pixels, where the whole is as wide as the screen.
_WIDTH, _HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 26
_MOST_POINTS = 400
_N_TICKS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Values along x, shapes (n,), NaN where there is a gap; ``dash`` as SVG writes it."""

    name: str
    x: Floats
    y: Floats
    colour: str
    dash: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """An area between two limits along x, shapes (n,)."""

    x: Floats
    low: Floats
    high: Floats
    colour: str


@dataclass(frozen=True, slots=True)
class Point:
    """One value with its interval."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Axis:
    """The ends of an axis and the words at its ticks; a logarithmic one holds exponents."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


def chart(
    *, alt: str, x: Axis, y: Axis, bands: Sequence[Band] = (), lines: Sequence[Line] = (), points: Sequence[Point] = ()
) -> str:
    """Draw everything into one SVG with a legend of the named lines below it."""
    place = _Place(x, y)
    parts = [
        *_grid(place),
        *(f'<path d="{place.area(one)}" fill="{one.colour}" stroke="none"/>' for one in bands),
        *(_line(place, one) for one in lines),
        *(_point(place, one) for one in points),
    ]
    legend = " ".join(
        f'<span><svg width="26" height="8" aria-hidden="true"><path d="M0 4H26" {_stroke(one)}/></svg> '
        f"{escape(one.name)}</span>"
        for one in lines
        if one.name
    )
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(alt)}">\n'
        + "\n".join(parts)
        + f"\n</svg><figcaption>{legend}</figcaption></figure>"
    )


def time_axis(times: NDArray[np.datetime64]) -> tuple[Axis, Floats]:
    """An axis over these times, oldest first, with the places of the times on it, shape (n,)."""
    days = times.astype("datetime64[s]").astype(np.float64) / 86_400
    low, high = (float(days[0]), float(days[-1])) if len(days) else (0.0, 1.0)
    high = max(high, low + 1)
    form: Literal["M", "D"] = "M" if high - low > 92 else "D"  # noqa: PLR2004 - about three months
    at = np.linspace(low, high, _N_TICKS)
    words = np.datetime_as_string((at * 86_400).astype("datetime64[s]"), unit=form)
    return Axis(low, high, tuple(zip(at.tolist(), words.tolist(), strict=True))), days


def percent_axis(low: float, high: float) -> Axis:
    """An axis in percent with round numbers at its ticks."""
    step = next(one for one in (5, 10, 20, 50, 100) if (high - low) / one <= _N_TICKS + 1)
    first = math.ceil(low / step) * step
    return Axis(low, high, tuple((float(at), f"{at} %") for at in range(first, int(high) + 1, step)))


def power_axis(low: float, high: float) -> Axis:
    """A logarithmic axis between two exponents of 10, a tick at whole ones."""
    step = max(1, round((high - low) / _N_TICKS))
    whole = range(math.ceil(low), math.floor(high) + 1, step)
    return Axis(low, high, tuple((float(at), f"{10.0**at:g}") for at in whole))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where values lie in the picture."""

    x: Axis
    y: Axis

    def across(self, value: float) -> float:
        share = (value - self.x.low) / (self.x.high - self.x.low)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def down(self, value: float) -> float:
        share = (min(max(value, self.y.low), self.y.high) - self.y.low) / (self.y.high - self.y.low)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)

    def path(self, x: Floats, y: Floats) -> str:
        """Write values as a path; it begins anew after a gap."""
        parts, pen = [], "M"
        for at, value in zip(x.tolist(), y.tolist(), strict=True):
            if math.isnan(value):
                pen = "M"
                continue
            parts.append(f"{pen}{self.across(at)} {self.down(value)}")
            pen = "L"
        return "".join(parts)

    def area(self, band: Band) -> str:
        at = _thin(len(band.x))
        x, low, high = band.x[at], band.low[at], band.high[at]
        known = np.isfinite(low) & np.isfinite(high)
        around = np.concatenate([x[known], x[known][::-1]])
        return f"{self.path(around, np.concatenate([high[known], low[known][::-1]]))}Z" if known.any() else ""


def _thin(n: int) -> slice:
    step = max(1, -(-n // _MOST_POINTS))
    return slice((n - 1) % step if n else 0, None, step)


def _grid(place: _Place) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for value, words in place.y.ticks:
        at = place.down(value)
        yield f'<path d="M{_LEFT} {at}H{right}" stroke="{palette.FAINT}"/>'
        yield f'<text x="{_LEFT - 6}" y="{at + 4}" text-anchor="end">{escape(words)}</text>'
    for number, (value, words) in enumerate(place.x.ticks):
        side = "start" if not number else "end" if number == len(place.x.ticks) - 1 else "middle"
        yield f'<text x="{place.across(value)}" y="{bottom + 18}" text-anchor="{side}">{escape(words)}</text>'


def _stroke(one: Line) -> str:
    dash = f' stroke-dasharray="{one.dash}"' if one.dash else ""
    return f'fill="none" stroke="{one.colour}" stroke-width="2"{dash}'


def _line(place: _Place, one: Line) -> str:
    at = _thin(len(one.x))
    return f'<path d="{place.path(one.x[at], one.y[at])}" {_stroke(one)}/>'


def _point(place: _Place, one: Point) -> str:
    x = place.across(one.x)
    return (
        f'<path d="M{x} {place.down(one.low)}V{place.down(one.high)}" stroke="{palette.MUTED}" stroke-width="2"/>'
        f'<circle cx="{x}" cy="{place.down(one.y)}" r="4.5" fill="{palette.ENSEMBLE}"/>'
    )
