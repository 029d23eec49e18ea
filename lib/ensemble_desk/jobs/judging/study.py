"""The command that judges sets of members by walking forward through the quarters."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ensemble_desk.ensemble.members import catalogue
from ensemble_desk.errors import SourceError, UnwritableFileError
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.market.bars import Bars
from ensemble_desk.registry.opening import Registry
from ensemble_desk.training.job import SEED
from ensemble_desk.training.study import report, running
from ensemble_desk.training.walk_forward import Recipe
from ensemble_desk.training.wanted_label import WantedLabel

_TODAY = ",".join(catalogue.DEFAULT_MEMBERS)


def study(
    *,
    members: Annotated[
        list[str] | None,
        typer.Option(
            "--members", metavar="NAMES", help="A set to judge, with commas; repeat it. First: the yardstick."
        ),
    ] = None,
    symbols: Annotated[
        str | None, typer.Option("--symbols", metavar="A,B", help="Series; by default all that the source has.")
    ] = None,
    timeframe: Annotated[str, typer.Option("--timeframe", help="Of the series.")] = "d1",
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First quarter's end.")] = "2005-12-31",
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last quarter's end.")] = "2018-09-30",
    chosen_until: Annotated[
        str | None, typer.Option("--chosen-until", metavar="DATE", help="Later quarters are kept back and told apart.")
    ] = None,
    horizon: Annotated[str | None, typer.Option("--horizon", help="Bars, or a span such as 5D.")] = None,
    features: Annotated[str, typer.Option("--features", metavar="NAME", help="A team's own features.")] = "",
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes at once; 0: one a core.")] = 0,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Folder that versions are kept in, so that the study can go on.")
    ] = None,
    none_left_out: Annotated[
        bool, typer.Option("--none-left-out", help="The yardstick's weights leave no member out.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="The Markdown file to write.")] = Path("study.md"),
) -> None:
    """Judge sets of members on quarters that no version had seen, and write one report."""
    sets = [tuple(name.strip() for name in one.split(",")) for one in members or [_TODAY]]
    names = tuple(dict.fromkeys(name for one in sets for name in one))
    catalogue.require(names)
    ends = running.quarters(_day(first), _day(last))
    if not ends:
        message = f"no quarter ends from {first} to {last}"
        raise typer.BadParameter(message)
    with desk.registry() as registry:
        series = _series(registry, symbols, timeframe)
    label = WantedLabel(horizon).of(arguments.key("A", timeframe).timeframe)
    recipe = Recipe(names, label, timeframe, SEED, features)
    versions = running.run(series, recipe, ends=ends, n_jobs=jobs, keep=keep, progress=_told)
    if not versions:
        message = "no series has bars enough before any of these quarters"
        raise typer.BadParameter(message)
    split = (
        None if chosen_until is None else pd.Timestamp(datetime.combine(_day(chosen_until), datetime.min.time(), UTC))
    )
    try:
        out.write_text(report.markdown(versions, sets, chosen_until=split, none_left_out=none_left_out), "utf-8")
    except OSError as error:
        raise UnwritableFileError(str(out), str(error.strerror or error)) from error
    output.note(f"{out} holds the report on {len(versions)} versions.")


def _series(registry: Registry, symbols: str | None, timeframe: str) -> dict[str, Bars]:
    """Read the bars of each series; one without any is left out with a line that says so."""
    wanted: Sequence[str] = symbols.split(",") if symbols else registry.source.symbols()
    found = {}
    for symbol in wanted:
        key = arguments.key(symbol.strip(), timeframe)
        try:
            found[key.symbol] = registry.source.bars(key)
        except SourceError as error:
            output.note(f"error: {error}")
    return found


def _told(what: str, number: int, n: int) -> None:
    output.note(f"{number} of {n}: {what}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is no day; write it as 2011-12-31"
        raise typer.BadParameter(message) from error
