"""Probabilities of the three classes as stacked bars: of the pool, of each member, of each horizon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.market.labels import CLASSES

_ROOM_FOR_A_NUMBER = 0.09  # shares below this are told on hover only


@dataclass(frozen=True, slots=True)
class Bar:
    """One stacked bar: who votes, the class probabilities, and a note for the hover (weight, basis)."""

    name: str
    probabilities: Mapping[str, float]
    note: str = ""


def stacked(bars: Sequence[Bar], *, legend: bool = True) -> go.Figure:
    """Draw one horizontal bar per voter, first on top; BEARISH left, BULLISH right, so that leanings line up."""
    made = look.figure(height=look.rows_height(len(bars), frame=64 if legend else 40), legend=legend)
    names = [bar.name for bar in bars]
    for name in CLASSES:
        shares = [float(bar.probabilities.get(name, 0.0)) for bar in bars]
        made.add_bar(
            y=names,
            x=[100 * share for share in shares],
            orientation="h",
            name=name.capitalize(),
            marker={"color": palette.CLASS_COLOURS[name], "line": {"width": 0}},
            text=[f"{100 * share:.0f}" if share >= _ROOM_FOR_A_NUMBER else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": "white"},
            textangle=0,
            customdata=[bar.note for bar in bars],
            hovertemplate=f"%{{y}}: {name.capitalize()} %{{x:.1f}} %<br>%{{customdata}}<extra></extra>",
        )
    made.update_layout(barmode="stack", legend={"traceorder": "normal"}, margin={"r": 30})
    made.update_xaxes(
        range=[0, 100], showgrid=False, tickvals=[0, 25, 50, 75, 100], ticktext=["0 %", "25 %", "50 %", "75 %", "100 %"]
    )
    made.update_yaxes(type="category", autorange="reversed", showgrid=False, ticksuffix="  ")
    return made
