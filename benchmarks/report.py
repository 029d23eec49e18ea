"""RESULTS.md and the lines on the screen: machine, versions, and one line for every row."""

import os
import platform
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import psutil
from benchmarks import reasons, results
from benchmarks.fixtures import Scale
from benchmarks.results import Row

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "SQLAlchemy", "streamlit", "mlflow", "skops", "joblib")


def line(row: Row) -> str:
    """One row for the screen."""
    return (
        f"{results.verdict(row):<16} {results.figure(row):>9} ({results.target(row):>8})  {row.what}"
        f" | {row.reference}\n"
        f"{'':<17}ours {results.sampled(row.ours)} | reference {results.sampled(row.theirs) or '–'} | "
        f"{row.same} {row.reason}"
    )


def write(rows: Sequence[Row], scale: Scale, *, seconds: float) -> None:
    """Write RESULTS.md anew from a complete run."""
    RESULTS.write_text("\n".join([*_head(rows, scale, seconds=seconds), *_table(rows), *_missed(rows), ""]), "utf-8")


def _head(rows: Sequence[Row], scale: Scale, *, seconds: float) -> list[str]:
    judged = [row for row in rows if row.reached is not None]
    n_reached = sum(bool(row.reached) for row in judged)
    memory = psutil.virtual_memory().total / 2**30
    installed = ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES)
    return [
        "# Results",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d} in {seconds / 60:.0f} minutes.",
        f"**{n_reached} of {len(judged)} targets reached.**",
        "",
        f"- Machine: {os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB of memory, {platform.system()}.",
        f"- Versions: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {installed}.",
        "- Every time is a median with [lowest–highest] and the number of samples, taken in turns with its",
        f"  reference after a warm-up. {scale.n_versions:,} versions and {scale.n_forecasts:,} forecasts are generated",
        "  for the benchmark.",
        "- The guide is its loader and forecast as the integration guide describes them (`guide.py`). MLflow runs in",
        "  the same process on its own SQLite file with the same versions.",
        "",
    ]


def _table(rows: Sequence[Row]) -> list[str]:
    lines = ["| what | reference | ours | reference's | figure | target | |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        times = results.sampled(row.ours), results.sampled(row.theirs)
        cells = (row.what, row.reference, *times, results.figure(row), results.target(row), results.verdict(row))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _missed(rows: Sequence[Row]) -> list[str]:
    """What was shown to be the same on both sides, and why targets were missed."""
    same = [f"- {row.what}: {row.same}." for row in rows if row.same]
    missed = [
        f"- {row.what}, {results.figure(row)} instead of {results.target(row)}: {_why(row)}"
        for row in rows
        if row.reached is False
    ]
    told = ["", "## Same results on both sides", "", *same]
    return [*told, "", "## Not reached", "", *missed] if missed else told


def _why(row: Row) -> str:
    return row.reason or reasons.KNOWN.get(row.subject, reasons.UNEXPLAINED)


def _processor() -> str:
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text("utf-8").splitlines() if file.exists() else []
