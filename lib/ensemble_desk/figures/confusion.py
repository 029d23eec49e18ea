"""The confusion matrix of a holdout: what was said against what came."""

from collections.abc import Sequence

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.market.labels import CLASSES

_DARK_CELL = 0.55  # share of a row above which the number is written in white


def matrix(counts: Sequence[Sequence[float]]) -> go.Figure:
    """Draw 3 by 3 counts (rows: what came; columns: what was said), shaded by the share of the row."""
    made = look.figure(height=300)
    names = [name.capitalize() for name in CLASSES]
    totals = [sum(row) for row in counts]
    shares = [[value / total if total else 0.0 for value in row] for row, total in zip(counts, totals, strict=True)]
    made.add_heatmap(
        z=shares,
        x=names,
        y=names,
        zmin=0,
        zmax=1,
        colorscale=[[0, palette.translucent(palette.ENSEMBLE, 0.06)], [1, palette.ENSEMBLE]],
        showscale=False,
        xgap=4,
        ygap=4,
        customdata=counts,
        hovertemplate="Came %{y}, said %{x}: %{customdata:.0f} (%{z:.0%} of the row)<extra></extra>",
    )
    for row, name in enumerate(names):
        for column, said in enumerate(names):
            dark = shares[row][column] >= _DARK_CELL
            made.add_annotation(
                x=said,
                y=name,
                text=f"{counts[row][column]:.0f}<br>{look.percent(shares[row][column])}",
                showarrow=False,
                font={"color": "white"} if dark else None,
            )
    made.update_xaxes(title="Said", showgrid=False, side="bottom")
    made.update_yaxes(title="Came", showgrid=False, autorange="reversed")
    return made
