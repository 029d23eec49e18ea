"""The capital of acting on forecasts after costs, beside holding without any."""

import plotly.graph_objects as go

from ensemble_desk.evaluation.value import LEAST_BARS, Account
from ensemble_desk.figures.rolling import thinned
from ensemble_desk.figures.style import layout, palette
from ensemble_desk.monitoring.worth.records import Record

_MOST_POINTS = 1_000
ROWS = (
    "Return",
    "Largest loss from a peak",
    "Mean return a year",
    "Volatility a year",
    "Sharpe",
    "Turnover a year",
    "Costs a year",
)
_UNSAID = "–"  # a year's figures of a few weeks would say more than anybody knows


def rows(found: Record) -> list[tuple[str, ...]]:
    """One line for each way to hold, its name first, as ROWS say."""
    named = (
        ("Acting on the forecasts", found.acted),
        ("Buy and hold", found.held),
        ("Held by volatility", found.sized),
    )
    return [(name, *_row(one)) for name, one in named if one is not None]


def _row(one: Account) -> tuple[str, ...]:
    told = (f"{100 * one.total:+.1f} %", f"{100 * one.drawdown:.1f} %", *_of_a_year(one))
    return tuple(cell.replace("-", "−") for cell in told)


def _of_a_year(one: Account) -> tuple[str, ...]:
    if one.n < LEAST_BARS:
        return (_UNSAID,) * 5
    return (
        f"{100 * one.yearly:+.1f} %",
        f"{100 * one.volatility:.1f} %",
        "none" if one.sharpe is None else f"{one.sharpe:+.2f}",
        f"{one.turnover:.1f}",
        f"{100 * one.costs:.2f} %",
    )


def capital(found: Record) -> go.Figure:
    """Draw what each way made of a capital of 100, on a logarithmic axis."""
    made = layout.figure(height=320, legend=True)
    at = thinned(len(found.times), most=_MOST_POINTS)
    drawn = (
        ("Acting on the forecasts", found.acted, palette.ENSEMBLE),
        ("Buy and hold", found.held, palette.MUTED),
        ("Held by volatility", found.sized, palette.BULLISH),
    )
    for name, one, colour in drawn:
        if one is not None:
            made.add_scatter(
                x=found.times[at],
                y=100 * one.capital[at],
                name=name,
                mode="lines",
                line={"color": colour, "width": layout.LINE},
                hovertemplate="%{x|%Y-%m-%d}: %{y:.1f}<extra>" + name + "</extra>",
            )
    made.update_yaxes(type="log", title="Capital, from 100")
    return made
