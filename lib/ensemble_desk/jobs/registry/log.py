"""Commands about the log of forecasts as rows: taken out into files."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from ensemble_desk.forecasting.upkeep import exporting
from ensemble_desk.forecasting.upkeep.exporting import LogExport
from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import Json


def export(
    folder: Annotated[Path, typer.Argument(metavar="TO", help="A new folder for the Parquet files.")],
    *,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=["%Y-%m-%d"], help="Only forecasts of bars before this day; all by default."),
    ] = None,
    delete_exported: Annotated[
        bool,
        typer.Option("--delete-exported", help="Take exported forecasts with an outcome out of the database."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write forecasts and what came of them as Parquet, a file a month; what is taken out counts in no live figure.

    With --delete-exported and no --until what is older than DESK_LOG_KEPT_DAYS is exported.
    """
    with desk.registry() as registry:
        end = None if until is None else datetime.combine(until.date(), time(), UTC)
        if end is None and delete_exported:
            kept = registry.settings.log_kept_days
            end = datetime.combine(registry.clock().date() - timedelta(days=kept), time(), UTC) if kept else None
        found = exporting.export(registry, folder, until=end, delete_exported=delete_exported)
    output.show(found, as_json=as_json, table=lambda: _table(found))


def _table(found: LogExport) -> None:
    rows = [(one.name, one.n_rows, one.sha256) for one in found.files]
    output.table(("file", "rows", "sha256"), rows, empty="There was nothing to export.")
    told = f"{found.n_forecasts} forecasts and {found.n_outcomes} outcomes are in {found.folder}"
    gone = f", {found.n_deleted} forecasts taken out, {found.n_waiting} left" if found.n_deleted else ""
    output.note(f"{told}{gone}.")


COMMANDS: dict[str, Callable[..., None]] = {"export": export}
