"""Marks where production moved, on any chart along time, with who and why on hover."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette

_MOST_TOLD = 6  # moves in one hover text
_NAME = "Production moved"


@dataclass(frozen=True, slots=True)
class Move:
    """One move of production: when, to which version (None: nothing serves), by whom and why."""

    at: datetime
    version: str | None
    action: str
    actor: str
    reason: str

    @property
    def in_words(self) -> str:
        why = f"<br>{_short(self.reason)}" if self.reason else ""
        return f"<b>{self.version or 'nothing'}</b> went live {self.at:%Y-%m-%d %H:%M} UTC<br>{_told(self)}{why}"


@dataclass(frozen=True, slots=True)
class Window:
    """The time that charts of one page look at; None leaves a side to the data."""

    since: datetime | None = None
    until: datetime | None = None


def add(
    made: go.Figure, moves: Sequence[Move], *, times: Sequence[datetime] | np.ndarray | pd.Index, window: Window
) -> go.Figure:
    """Show ``window`` of a chart over ``times`` (oldest first) and mark the moves in it; gives the same figure.

    Moves that came after the last of ``times`` stand together at its right edge: production may have moved long after
    the newest bar, and the chart shall not be stretched to there.
    """
    if not len(times):
        return made
    look.zoomable(made)
    first, last = moment(times[0]), moment(times[-1])
    since = max(window.since, first) if window.since is not None else first
    if window.since is not None:
        made.update_xaxes(range=[since, last + (last - since) * 0.02])
    inside = [move for move in moves if since <= move.at <= last]
    later = sorted((move for move in moves if move.at > last), key=lambda move: move.at)
    _marks(made, [(move.at, move.in_words) for move in inside] + ([(last, _after(later, last))] if later else []))
    return made


def _marks(made: go.Figure, told: Sequence[tuple[datetime, str]]) -> None:
    if not told:
        return
    for at, _ in told:
        made.add_shape(
            type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", layer="below",
            line={"color": palette.MUTED, "width": look.THIN, "dash": "dot"},
        )  # fmt: skip
    made.add_scatter(
        x=[at for at, _ in told],
        y=[0.02] * len(told),
        yaxis="y9",
        mode="markers",
        name=_NAME,
        marker={"symbol": "diamond", "size": 9, "color": palette.MUTED_NEXT},
        customdata=[words for _, words in told],
        hovertemplate="%{customdata}<extra></extra>",
    )
    hidden = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True, "side": "right"}
    made.update_layout(yaxis9=hidden)


def _after(later: Sequence[Move], last: datetime) -> str:
    rest = len(later) - _MOST_TOLD
    lines = [f"{move.at:%Y-%m-%d} <b>{move.version or 'nothing'}</b>, {_told(move)}" for move in later[-_MOST_TOLD:]]
    head = f"After the last bar shown ({last:%Y-%m-%d}) production moved {len(later)} time{'s' * (len(later) > 1)}:"
    return "<br>".join([head, *([f"… {rest} earlier ones"] if rest > 0 else []), *lines])


def _told(move: Move) -> str:
    return f"{_escaped(move.action)} by {_escaped(move.actor)}"


def _short(text: str, *, most: int = 90) -> str:
    return _escaped(text if len(text) <= most else f"{text[: most - 1]}…")


def _escaped(text: str) -> str:
    """Keep a text of people from being read as plotly's HTML."""
    return escape(text, quote=False)


def moment(time: object) -> datetime:
    """Take a time of numpy, pandas or Python as an aware one; without a zone it is UTC."""
    found: datetime = pd.Timestamp(time).to_pydatetime()  # type: ignore[arg-type]  # numpy's or Python's time
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
