"""Which features move a probability: bars to the right speak for the class, bars to the left against it."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette


@dataclass(frozen=True, slots=True)
class Part:
    """One feature: its name, its value in words, and what it adds to the probability (a share, may be negative)."""

    feature: str
    value: str
    adds: float


def chart(parts: Sequence[Part]) -> go.Figure:
    """Draw one horizontal bar per part, first on top, in points of probability."""
    made = look.figure(height=look.rows_height(len(parts), each=30, frame=48))
    adds = [100 * part.adds for part in parts]
    made.add_bar(
        y=[part.feature for part in parts],
        x=adds,
        orientation="h",
        marker={
            "color": [palette.ENSEMBLE if one > 0 else palette.MUTED for one in adds],
            "line": {"width": 0},
        },
        text=[f"{one:+.1f}".replace("-", "−") for one in adds],
        textposition="outside",
        cliponaxis=False,
        customdata=[part.value for part in parts],
        hovertemplate="%{y} = %{customdata}<br>%{x:+.2f} points<extra></extra>",
    )
    reach = max((abs(one) for one in adds), default=1.0) * 1.25
    made.update_xaxes(range=[-reach, reach], ticksuffix=" pt", nticks=7, zeroline=True, zerolinecolor=palette.FAINT)
    made.update_yaxes(type="category", autorange="reversed", showgrid=False, ticksuffix="  ")
    return made
