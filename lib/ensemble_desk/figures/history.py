"""Band history: how far each day's accuracy lay from the validated one, over the bands of the policy."""

from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ensemble_desk.figures.rolling import thinned
from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.monitoring.daily import BandHistory
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy

_MOST_POINTS = 1_000
_LEAST_DEPTH = 10.0  # points shown below the last border
_LEAST_HEIGHT = 15.0  # points shown above the validated accuracy
_STEP_ABOVE = 20


def chart(found: BandHistory, *, policy: Policy) -> go.Figure:
    """Draw accuracy minus validated accuracy in points, day by day; dots are days of confirmed drift.

    Replayed days are dotted, live ones drawn through, and grey while they rest on too few outcomes; a line ends where
    another version began to speak.
    """
    made = look.figure(height=320, legend=True)
    told = np.array([band is not Band.NOT_MEASURED for band in found.band], dtype=bool)
    margin = np.where(told, 100 * found.margin, np.nan)
    known = margin[np.isfinite(margin)]
    low = min(float(known.min(initial=0.0)) - 5, -policy.emergency_points - _LEAST_DEPTH)
    high = max(float(known.max(initial=0.0)) + 5, _LEAST_HEIGHT)
    _bands(made, policy, low=low)
    few = np.array([one is Evidence.INSUFFICIENT for one in found.evidence], dtype=bool)
    replayed = np.array([one is Kind.REPLAY for one in found.kind], dtype=bool)
    for name, rows, colour, dash in (
        ("Too few to tell", few, palette.MUTED, "dot"),
        ("Replayed", ~few & replayed, palette.ENSEMBLE, "dot"),
        ("Live", ~few & ~replayed, palette.ENSEMBLE, "solid"),
    ):
        _line(made, found, np.where(rows, margin, np.nan), name=name, colour=colour, dash=dash)
    _confirmed(made, found, margin)
    made.add_hline(y=0, line={"color": palette.MUTED, "width": look.THIN})
    made.update_yaxes(range=[low, high], showgrid=False, **_ticks(policy, high=high))
    return made


def _ticks(policy: Policy, *, high: float) -> dict[str, list[Any]]:
    """Name the borders on the axis instead of numbering it evenly."""
    borders = {
        0: "validated",
        -policy.monitor_points: f"Monitor −{policy.monitor_points}",
        -policy.drift_points: f"Drift −{policy.drift_points}",
        -policy.emergency_points: f"Emergency −{policy.emergency_points}",
    }
    above = {points: f"+{points} points" for points in range(_STEP_ABOVE, int(high) + 1, _STEP_ABOVE)}
    told = borders | above
    return {"tickvals": list(told), "ticktext": list(told.values())}


def _bands(made: go.Figure, policy: Policy, *, low: float) -> None:
    """Shade what lies below each border, darker the deeper."""
    borders = (-policy.monitor_points, -policy.drift_points, -policy.emergency_points, low)
    for (top, bottom), share in zip(pairwise(borders), (0.07, 0.14, 0.24), strict=True):
        fill = palette.translucent(palette.BEARISH, share)
        made.add_hrect(y0=bottom, y1=top, line_width=0, layer="below", fillcolor=fill)


def _line(made: go.Figure, found: BandHistory, value: np.ndarray, *, name: str, colour: str, dash: str) -> None:
    if not np.isfinite(value).any():
        return
    at = thinned(len(found), most=_MOST_POINTS)
    shown = value[at].copy()
    versions = found.version[at]
    shown[1:][np.array([a != b for a, b in pairwise(versions)], dtype=bool)] = np.nan
    made.add_scatter(
        x=found.days[at],
        y=shown,
        mode="lines",
        name=name,
        line={"color": colour, "width": look.LINE, "dash": dash},
        customdata=_notes(found)[at],
        hovertemplate="%{x|%Y-%m-%d}: %{y:+.0f} points<br>%{customdata}<extra></extra>",
    )


def _confirmed(made: go.Figure, found: BandHistory, margin: np.ndarray) -> None:
    at = np.flatnonzero(found.detected)
    at = at[thinned(len(at), most=_MOST_POINTS)]
    if not len(at):
        return
    made.add_scatter(
        x=found.days[at],
        y=margin[at],
        mode="markers",
        name="Confirmed",
        marker={"color": palette.ALARM, "size": 7},
        hoverinfo="skip",
    )


def _notes(found: BandHistory) -> np.ndarray:
    return np.array(
        [
            f"{version}: {100 * accuracy:.0f} % [{100 * low:.0f}–{100 * high:.0f}], n {n}, {band}, {evidence.lower()}"
            for version, accuracy, low, high, n, band, evidence in zip(
                found.version, found.accuracy, found.low, found.high, found.n, found.band, found.evidence, strict=True
            )
        ],
        dtype=object,
    )
