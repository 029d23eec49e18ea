"""Accuracy by month as a calendar: a row for each year, a column for each month."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LEAST_REACH = 15.0  # points above and below the middle that have the full colour, at least


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its accuracy in 0..1, whether that rests on enough outcomes, and the hover's text."""

    year: int
    month: int
    accuracy: float
    firm: bool
    note: str


def calendar(months: Sequence[Month], *, middle: float) -> go.Figure:
    """Draw a cell for each month, coloured by how far its accuracy lies from ``middle`` (0..1); newest year on top."""
    years = sorted({one.year for one in months}, reverse=True)
    made = look.figure(height=look.rows_height(len(years), each=44, frame=56))
    found = {(one.year, one.month): one for one in months if not math.isnan(one.accuracy)}
    cells = [[found.get((year, number)) for number in range(1, 13)] for year in years]
    apart = [[None if one is None else 100 * (one.accuracy - middle) for one in row] for row in cells]
    reach = max([_LEAST_REACH, *(abs(value) for row in apart for value in row if value is not None)])
    made.add_heatmap(
        x=_NAMES,
        y=[str(year) for year in years],
        z=apart,
        zmin=-reach,
        zmax=reach,
        colorscale=[
            [0.0, palette.translucent(palette.BEARISH, 0.55)],
            [0.5, palette.translucent(palette.MUTED, 0.12)],
            [1.0, palette.translucent(palette.ENSEMBLE, 0.55)],
        ],
        showscale=False,
        xgap=3,
        ygap=3,
        customdata=[["" if one is None else one.note for one in row] for row in cells],
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
    )
    for one in found.values():  # as annotations, which have the colour of the theme's text
        row = years.index(one.year)  # a year as text would be taken for a place far down the axis
        made.add_annotation(x=_NAMES[one.month - 1], y=row, text=_text(one), showarrow=False)
    made.update_xaxes(showgrid=False, side="top", type="category")
    made.update_yaxes(showgrid=False, type="category", autorange="reversed")
    return made


def _text(one: Month) -> str:
    return look.percent(one.accuracy) if one.firm else f"({look.percent(one.accuracy)})"
