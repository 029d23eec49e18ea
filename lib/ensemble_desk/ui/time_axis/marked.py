"""Charts along time with the range of the page and the moves of production on them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import plotly.graph_objects as go

from ensemble_desk.figures.along_time import moves
from ensemble_desk.figures.along_time.moves import Move
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import history
from ensemble_desk.ui.frame import caching, charts, data
from ensemble_desk.ui.frame.caching import Drawing
from ensemble_desk.ui.time_axis.ranges import Range

MOVED = "◆ production moved: who and why on hover."


def moves_of(key: Key) -> tuple[Move, ...]:
    """Every change of what production serves, oldest first; refusals and moves to the same version changed nothing."""
    return tuple(
        Move(row.at, row.to_version, str(row.action), row.actor, row.reason)
        for row in history.changes(data.deployments(key))
    )


def show(
    answer: object,
    draw: Callable[..., go.Figure],
    *args: Any,
    of: Key,
    times: Sequence[datetime] | np.ndarray,
    over: Range,
    key: str,
    alt: str,
    **kwargs: Any,
) -> None:
    """Put a chart of a shared ``answer`` on the page, cut to the range that the page looks at, with marks of moves.

    Parameters
    ----------
    draw : makes the chart out of ``args`` and ``kwargs``.
    times : of the values drawn, oldest first.
    """
    last = None if not len(times) else moves.moment(times[-1])
    window, moved = over.back_from(last), moves_of(of)

    def drawn() -> go.Figure:
        return moves.add(draw(*args, **kwargs), moved, times=times, window=window)

    question = (f"{draw.__module__}.{draw.__qualname__}", caching.Same(answer), window, moved)
    charts.show(Drawing(question, drawn), key=key, alt=alt)
