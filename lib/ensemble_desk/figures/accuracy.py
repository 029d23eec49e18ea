"""Accuracy with its interval: of every version of a key, and of one version beside what it must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette

LEAST_N_EFF = 20.0  # below this many independent outcomes an accuracy says little and is drawn grey


@dataclass(frozen=True, slots=True)
class Point:
    """One accuracy in 0..1; the interval, the baseline and the counts may be unknown."""

    name: str
    accuracy: float | None
    low: float | None = None
    high: float | None = None
    baseline: float | None = None
    n: int | None = None
    n_eff: float | None = None
    mark: bool = False  # the subject: the version in production, or the ensemble itself
    note: str = ""

    @property
    def firm(self) -> bool:
        return self.n_eff is None or self.n_eff >= LEAST_N_EFF


def timeline(points: Sequence[Point]) -> go.Figure:
    """Draw the accuracy of versions in the order given (oldest first), interval and baseline of each."""
    made = look.figure(height=320, legend=True)
    known = [point for point in points if point.accuracy is not None]
    _baselines(made, known)
    for mark, name in ((False, "Other versions"), (True, "In production")):
        _versions(made, [point for point in known if point.mark is mark], name=name, mark=mark)
    made.update_xaxes(
        type="category", categoryorder="array", categoryarray=[point.name for point in points], showgrid=False
    )
    made.update_yaxes(range=look.span(_reach(known)), **look.percent_axis(title="Holdout accuracy"))
    return made


def _reach(points: Sequence[Point]) -> list[float]:
    told = [value for point in points for value in (point.accuracy, point.low, point.high, point.baseline)]
    return [100 * value for value in told if value is not None] or [50.0]


def _baselines(made: go.Figure, points: Sequence[Point]) -> None:
    told = [point for point in points if point.baseline is not None]
    made.add_scatter(
        x=[point.name for point in told],
        y=[100 * (point.baseline or 0.0) for point in told],
        mode="markers",
        name="Majority baseline",
        marker={"symbol": "line-ew", "size": 22, "line": {"width": look.LINE, "color": palette.MUTED}},
        hovertemplate="%{x}: majority baseline %{y:.0f} %<extra></extra>",
    )


def _versions(made: go.Figure, points: Sequence[Point], *, name: str, mark: bool) -> None:
    if not points:
        return
    colour = [_colour(point, mark=mark) for point in points]
    made.add_scatter(
        x=[point.name for point in points],
        y=[100 * (point.accuracy or 0.0) for point in points],
        mode="markers",
        name=name,
        marker={
            "opacity": 1,
            "size": 13 if mark else 10,
            "color": colour,
            "symbol": "circle" if mark else "circle-open",
            "line": {"width": look.LINE, "color": colour},
        },
        error_y=_whiskers(points),
        customdata=[point.note for point in points],
        hovertemplate="%{x}: %{customdata}<extra></extra>",
    )


def _colour(point: Point, *, mark: bool) -> str:
    if not point.firm:
        return palette.MUTED
    return palette.ENSEMBLE if mark else palette.BULLISH


def _whiskers(points: Sequence[Point]) -> dict[str, object]:
    known = [(point.accuracy or 0.0, point.low, point.high) for point in points]
    return {
        "type": "data",
        "symmetric": False,
        "array": [0.0 if high is None else 100 * (high - value) for value, _, high in known],
        "arrayminus": [0.0 if low is None else 100 * (value - low) for value, low, _ in known],
        "thickness": look.LINE,
        "width": 0,
        "color": palette.translucent(palette.MUTED, 0.75),
    }


def beside(points: Sequence[Point], *, baseline: float | None) -> go.Figure:
    """Draw accuracies one below the other with their intervals; the dashed line is the majority baseline."""
    made = look.figure(height=look.rows_height(len(points), each=36, frame=60))
    known = [point for point in points if point.accuracy is not None]
    colours = [palette.ENSEMBLE if point.mark and point.firm else palette.MUTED for point in known]
    whiskers = _whiskers(known)
    made.add_scatter(
        x=[100 * (point.accuracy or 0.0) for point in known],
        y=[point.name for point in known],
        mode="markers",
        marker={"size": [13 if point.mark else 10 for point in known], "color": colours, "opacity": 1},
        error_x=whiskers,
        customdata=[point.note for point in known],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )
    if baseline is not None:
        made.add_vline(x=100 * baseline, line={"color": palette.MUTED, "width": look.LINE, "dash": "dot"})
    if known:
        made.update_xaxes(range=look.span(_reach(known)))
    made.update_xaxes(**look.percent_axis())
    made.update_yaxes(type="category", autorange="reversed", showgrid=False, ticksuffix="  ")
    return made
