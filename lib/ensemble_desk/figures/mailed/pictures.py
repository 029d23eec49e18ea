"""The charts of a report: accuracy so far, evidence, reliability, what was said and what came, months."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

import numpy as np

from ensemble_desk.figures.mailed import drawing
from ensemble_desk.figures.mailed.drawing import Band, Line, Point
from ensemble_desk.figures.style import layout as look
from ensemble_desk.figures.style import palette
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.monitoring.drift import EvidencePath
from ensemble_desk.monitoring.evidence.calibration import Bin
from ensemble_desk.monitoring.regimes import Regime
from ensemble_desk.monitoring.so_far import SoFar

_LEAST = 1e-3  # evidence far below 1 says "no fall"


def so_far(found: SoFar, *, validated: float | None, majority: float | None) -> str:
    """Accuracy of all outcomes up to each moment with its confidence sequence."""
    across, at = drawing.time_axis(found.times)
    levels = [
        Line(name, np.array([at[0], at[-1]]), np.full(2, 100 * value), palette.MUTED, dash)
        for value, name, dash in ((validated, "Validated", "9 4"), (majority, "Majority", "2 4"))
        if value is not None and len(at)
    ]
    settled = slice(len(at) // 3, None)
    shown = [100 * one for one in (validated, majority) if one is not None]
    shown += [value for column in (found.low, found.high, found.promised) for value in (100 * column[settled]).tolist()]
    low, high = look.span(shown or [50.0])
    return drawing.chart(
        alt="Accuracy of all forecasts so far with its interval, beside what was validated and promised",
        x=across,
        y=drawing.percent_axis(low, high),
        bands=[Band(at, 100 * found.low, 100 * found.high, palette.translucent(palette.ENSEMBLE, 0.18))],
        lines=[
            Line("Accuracy so far", at, 100 * found.accuracy, palette.ENSEMBLE),
            Line("Promised so far", at, 100 * found.promised, palette.BEARISH, "6 4"),
            *levels,
        ],
    )


def evidence(found: EvidencePath, *, since: datetime | None) -> str:
    """The e-process with its alarm line, and the likeliest day of a change."""
    across, at = drawing.time_axis(found.times)
    values = np.log10(np.maximum(found.values, _LEAST))
    alarm = float(np.log10(found.alarm_line))
    low = min(-0.3, float(values.min(initial=0.0)) - 0.2)
    high = max(alarm + 0.4, float(values.max(initial=0.0)) + 0.2)
    lines = [
        Line("E-value", at, values, palette.ENSEMBLE),
        Line(
            f"Alarm at {found.alarm_line:g}",
            np.array([across.low, across.high]),
            np.full(2, alarm),
            palette.ALARM,
            "6 4",
        ),
    ]
    if since is not None:
        day = since.timestamp() / 86_400
        lines.append(
            Line(f"Likeliest change about {since:%Y-%m-%d}", np.full(2, day), np.array([low, high]), palette.ALARM)
        )
    return drawing.chart(alt="Evidence of a fall over time", x=across, y=drawing.power_axis(low, high), lines=lines)


def reliability(bins: Sequence[Bin]) -> str:
    """What forecasts of similar confidence promised, and how many of them were right."""
    points = [
        Point(100 * one.promised, 100 * one.realised.value, 100 * one.realised.low, 100 * one.realised.high)
        for one in bins
    ]
    low, high = look.span([value for one in points for value in (one.x, one.low, one.high)] or [0.0, 100.0])
    left, right = look.span([one.x for one in points] or [0.0, 100.0], least=20.0)
    ends = np.array([max(left, low), min(right, high)])
    return drawing.chart(
        alt="Right against promised accuracy, by confidence",
        x=drawing.percent_axis(left, right),
        y=drawing.percent_axis(low, high),
        lines=[Line("As promised", ends, ends, palette.MUTED, "2 4")],
        points=points,
    )


def confusion(counts: Sequence[Sequence[float]]) -> str:
    """What came (rows) against what was said (columns), shaded by the share of the row."""
    names = [name.capitalize() for name in CLASSES]
    head = "".join(f"<th>said {name}</th>" for name in names)
    rows = ""
    for name, row in zip(names, counts, strict=True):
        total = sum(row)
        cells = "".join(_cell(f"{n:.0f}", palette.ENSEMBLE, n / total if total else 0.0) for n in row)
        rows += f"<tr><th>came {name}</th>{cells}</tr>\n"
    return f'<table class="cells"><tr><td></td>{head}</tr>\n{rows}</table>'


def months(given: Sequence[Regime], *, middle: float) -> str:
    """Accuracy by month, a row for each year; coloured by how far it lies from ``middle``."""
    by_month = {one.name: one.accuracy for one in given}
    years = sorted({name[:4] for name in by_month}, reverse=True)
    head = "".join(f"<th>{number}</th>" for number in range(1, 13))
    rows = ""
    for year in years:
        cells = ""
        for number in range(1, 13):
            told = by_month.get(f"{year}-{number:02}")
            apart = 0.0 if told is None else told.value - middle
            colour = palette.ENSEMBLE if apart > 0 else palette.BEARISH
            cells += _cell("" if told is None else f"{100 * told.value:.0f}", colour, min(1.0, abs(apart) / 0.3))
        rows += f"<tr><th>{year}</th>{cells}</tr>\n"
    return f'<table class="cells"><tr><td></td>{head}</tr>\n{rows}</table>'


def _cell(words: str, colour: str, share: float) -> str:
    return f'<td style="background:{palette.translucent(colour, 0.5 * share)}">{escape(words)}</td>'
