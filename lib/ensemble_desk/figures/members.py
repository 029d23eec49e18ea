"""What each member knew in training and kept on rows it had not seen, and how members were weighted over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette


@dataclass(frozen=True, slots=True)
class Fit:
    """Accuracy of one member in 0..1 on the rows it learned from and on the holdout."""

    member: str
    train: float | None
    valid: float | None


def overfit(fits: Sequence[Fit], *, baseline: float | None) -> go.Figure:
    """Draw train and holdout accuracy of each member joined by a line: the longer the line, the more it overfits."""
    made = look.figure(height=look.rows_height(len(fits), each=40, frame=84), legend=True)
    both = [fit for fit in fits if fit.train is not None and fit.valid is not None]
    for fit in both:
        made.add_scatter(
            x=[100 * (fit.train or 0.0), 100 * (fit.valid or 0.0)],
            y=[fit.member, fit.member],
            mode="lines",
            line={"color": palette.translucent(palette.MUTED, 0.55), "width": 4},
            showlegend=False,
            hoverinfo="skip",
        )
    _dots(made, fits, "train", title="Train", symbol="circle-open", colour=palette.MUTED)
    _dots(made, fits, "valid", title="Holdout", symbol="circle", colour=palette.ENSEMBLE)
    if baseline is not None:
        made.add_vline(x=100 * baseline, line={"color": palette.MUTED, "width": look.LINE, "dash": "dot"})
    told = [100 * value for fit in fits for value in (fit.train, fit.valid, baseline) if value is not None]
    made.update_xaxes(range=look.span(told or [50.0]), **look.percent_axis())
    made.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ", type="category")
    return made


def _dots(made: go.Figure, fits: Sequence[Fit], part: str, *, title: str, symbol: str, colour: str) -> None:
    told = [fit for fit in fits if getattr(fit, part) is not None]
    made.add_scatter(
        x=[100 * getattr(fit, part) for fit in told],
        y=[fit.member for fit in told],
        mode="markers",
        name=title,
        marker={"size": 12, "symbol": symbol, "color": colour, "line": {"width": look.LINE, "color": colour}},
        hovertemplate=f"%{{y}}: {title.lower()} %{{x:.1f}} %<extra></extra>",
    )


def weights(by_version: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Draw the weights of the members as one stacked bar per version, in the order given (oldest first)."""
    made = look.figure(height=300, legend=True)
    versions = list(by_version)
    for name in sorted({member for row in by_version.values() for member in row}):
        shares = [by_version[version].get(name, 0.0) for version in versions]
        made.add_bar(
            x=versions,
            y=[100 * share for share in shares],
            name=name,
            marker={"color": palette.member(name), "line": {"width": 0}},
            text=[f"{100 * share:.0f}" if share >= 0.08 else "" for share in shares],  # noqa: PLR2004 - room for a number
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "white"},
            hovertemplate=f"%{{x}}: {name} %{{y:.1f}} %<extra></extra>",
        )
    made.update_layout(barmode="stack", legend={"traceorder": "normal"})
    made.update_xaxes(type="category", showgrid=False)
    made.update_yaxes(range=[0, 100], **look.percent_axis())
    return made
