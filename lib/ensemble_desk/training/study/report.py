"""The report of a study, in Markdown: every set of members on the dates to choose by, and on those kept back."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.evaluation.intervals import Mean
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.training.study import judging
from ensemble_desk.training.study.asking import Asked
from ensemble_desk.training.study.judging import Judged, Said

_COLUMNS = (
    "members",
    "against usual rates",
    "against the first",
    "accuracy",
    "direction",
    "lean, beyond its usual rate",
    "names " + " / ".join(name.capitalize() for name in CLASSES),
)


def markdown(
    versions: Sequence[Asked],
    sets: Sequence[Sequence[str]],
    *,
    chosen_until: pd.Timestamp | None,
    none_left_out: bool = False,
) -> str:
    """Write what each set of members was worth; the first set is what the others are held against.

    Parameters
    ----------
    chosen_until : versions up to here may be used to choose a set; the later ones judge the choice. None: all are one.
    none_left_out : hold the sets against the first one with weights that leave no member out.
    """
    yardstick = [judging.said(versions, sets[0], leave_out=False)] if none_left_out else []
    every = yardstick + [judging.said(versions, members) for members in sets]
    quarter = every[0].quarter
    span = f"{quarter.min():%Y-%m-%d} to {quarter.max():%Y-%m-%d}"
    told = (
        f"{len(versions)} versions of {len({one.symbol for one in versions})} series at the ends of "
        f"{len(quarter.unique())} quarters, {span}. Each is trained, weighed and calibrated on what was known then and "
        f"asked about the bars until the next quarter's end: {len(quarter):,} rows that no version had seen. "
        "Differences of log-loss in nats, negative is better, with 95 % intervals over quarters."
    )
    parts = [
        "# Study of members",
        "",
        told,
        "",
        *_section("All quarters", every, np.ones(len(quarter), np.bool_)),
    ]
    if chosen_until is not None:
        early = np.asarray(quarter <= chosen_until)
        parts += _section(f"To choose by: up to {chosen_until:%Y-%m-%d}", every, early)
        parts += _section(f"Kept back: after {chosen_until:%Y-%m-%d}", every, ~early)
    return "\n".join([*parts, *_series(versions, every), *_weights(every)]) + "\n"


def _section(title: str, every: Sequence[Said], rows: NDArray[np.bool_]) -> list[str]:
    if not rows.any():
        return [f"## {title}", "", "There are no such quarters.", ""]
    judged = [(one, judging.judge(one, every[0], rows)) for one in every]
    n, n_quarters = judged[0][1].n, judged[0][1].n_quarters
    lines = [_row(one, told, first=one is every[0]) for one, told in judged]
    return [f"## {title}", "", f"{n_quarters} quarters, {n:,} rows.", "", *_table(_COLUMNS, lines), ""]


def _row(one: Said, told: Judged, *, first: bool) -> tuple[str, ...]:
    return (
        one.title,
        _mean(told.against_usual),
        "" if first else _mean(told.against_first),
        f"{100 * told.accuracy:.1f} %",
        f"{100 * told.direction:.1f} %",
        _mean(told.lean),
        " / ".join(f"{100 * share:.0f}" for share in told.named) + " %",
    )


def _series(versions: Sequence[Asked], every: Sequence[Said]) -> list[str]:
    """Each set against the usual rates, series by series."""
    symbols = list(dict.fromkeys(one.symbol for one in versions))
    of_row = np.repeat([one.symbol for one in versions], [len(one.classes) for one in versions])
    lines = [
        (
            one.title,
            *(_mean(judging.judge(one, every[0], of_row == symbol).against_usual) for symbol in symbols),
        )
        for one in every
    ]
    return ["## By series: against usual rates", "", *_table(("members", *symbols), lines), ""]


def _weights(every: Sequence[Said]) -> list[str]:
    names = list(dict.fromkeys(name for one in every for name in one.weights))
    lines = [
        (one.title, *(f"{one.weights[name]:.2f}" if name in one.weights else "" for name in names)) for one in every
    ]
    return ["## Mean weights", "", *_table(("members", *names), lines)]


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    rows = [columns, ["---"] * len(columns), *lines]
    return [f"| {' | '.join(cells)} |" for cells in rows]


def _mean(told: Mean) -> str:
    limits = f" [{told.low:+.4f}, {told.high:+.4f}]" if np.isfinite(told.low) else ""
    return f"{told.value:+.4f}{limits}".replace("-", "−")
