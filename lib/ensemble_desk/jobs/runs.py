"""The command that lists training runs, ours and those that another program recorded in the same database."""

from typing import Annotated

import typer

from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import Json
from ensemble_desk.training import copied_runs
from ensemble_desk.training import runs as recorded
from ensemble_desk.training.runs import RunPage

_COLUMNS = ("run", "key", "status", "started", "accuracy", "rows", "version", "by", "error")


def runs(
    *,
    status: Annotated[str | None, typer.Option("--status", help=f"One of {', '.join(recorded.STATUSES)}.")] = None,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only this symbol.")] = None,
    timeframe: Annotated[str | None, typer.Option("--timeframe", help="Only this timeframe.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Runs at most.")] = 50,
    before: Annotated[int | None, typer.Option("--before", help="Go on below this run's number.")] = None,
    as_json: Json = False,
) -> None:
    """List training runs, newest first, with who recorded each."""
    with desk.registry() as registry:
        page = recorded.listing(
            registry.database, status=status, symbol=symbol, timeframe=timeframe, limit=limit, before=before
        )
        kept_apart = copied_runs.kept_apart(registry.database)
    if kept_apart:
        output.note(kept_apart)
    output.show(page, as_json=as_json, table=lambda: _table(page))


def _table(page: RunPage) -> None:
    rows = [
        (
            run.id,
            run.key,
            run.status,
            run.run_date,
            output.percent(run.ensemble_validation_accuracy),
            None if run.n_training_samples is None else f"{run.n_training_samples:,}",
            run.version,
            run.actor if run.source == recorded.OURS else run.source,
            run.error_message,
        )
        for run in page.rows
    ]
    output.table(_COLUMNS, rows, empty="There is no training run. Begin with: desk train --symbol NAME")
    if page.next_before is not None:
        output.note(f"{page.total:,} runs; more with --before {page.next_before}")
