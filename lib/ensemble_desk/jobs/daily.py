"""The command that does the work of a day in one supervised run, for cron, a systemd timer or any orchestrator."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import ActorName, Jobs, Json
from ensemble_desk.jobs.inputs import many_bars
from ensemble_desk.monitoring import daily_round, round_log
from ensemble_desk.monitoring.round_log import DONE, FAILED, FOUND, Round, Step
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.sources import many_files, sessions
from ensemble_desk.sources.importing import Rules
from ensemble_desk.sources.upload.answers import Answers


def run(
    *,
    bars: Annotated[
        Path | None,
        typer.Option("--bars", metavar="FOLDER", help="Import every file of this folder first, as desk bars import."),
    ] = None,
    jobs: Jobs = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send no alert.")] = False,
    newest: Annotated[
        int | None, typer.Option("--list", metavar="N", min=1, help="Do nothing; show the newest rounds.")
    ] = None,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Do the work of a day: bars, forecast, outcomes, check-drift, rehearse, alerts; one round at a time.

    A step that fails hides no other. Exits 1 when a step failed or found something.
    """
    with desk.registry() as registry:
        if newest is not None:
            rounds = round_log.newest(registry.database, limit=newest)
            output.show(list(rounds), as_json=as_json, table=lambda: _list(rounds))
            return
        found = daily_round.run(
            registry,
            actor=desk.actor(registry.settings, actor).name,
            bars=None if bars is None else lambda: _import(registry, bars, jobs),
            place=desk.place(registry.settings, jobs),
            rehearsing=readiness.place(registry, n_jobs=jobs),
            dry_run=dry_run,
            told=_tell,
        )
    output.show(found, as_json=as_json, table=lambda: _table(found))
    if found.status != DONE:
        raise typer.Exit(1)


def _import(registry: Registry, folder: Path, jobs: int | None) -> Step:
    rules = Rules(
        answers=Answers(),
        max_bytes=int(registry.settings.max_upload_mb * 2**20),
        now=datetime.now(UTC),
        calendar=sessions.calendar(registry.settings.calendar),
        may_restate=False,
    )
    if not folder.is_dir():
        return Step("", FAILED, detail=f"{folder} is no folder")
    parts = many_files.of_folder(folder, timeframe=None, rules=rules)
    done = many_bars.run(registry, parts, rules=rules, place=desk.place(registry.settings, jobs))
    bad = [f"{one.name}: {one.problem}" for one in done if one.problem]
    return Step("", FOUND if bad else DONE, len(done), len(bad), "; ".join(bad[:8]))


def _tell(step: Step) -> None:
    failed = f", {step.n_failed} not" if step.n_failed else ""
    output.note(f"{step.name}: {step.outcome} ({step.n}{failed}; {step.seconds:.1f} s) {step.detail}".rstrip())


def _table(found: Round) -> None:
    rows = [(one.name, one.outcome, one.n, one.n_failed, f"{one.seconds:.1f} s", one.detail) for one in found.steps]
    output.table(("step", "outcome", "of", "not done", "took", "to know"), rows, empty="")


def _list(rounds: Sequence[Round]) -> None:
    rows = [
        (
            one.id,
            one.begun_at,
            one.finished_at,
            one.status,
            one.actor,
            "; ".join(f"{step.name} {step.outcome}" for step in one.steps if step.outcome in (FOUND, FAILED)),
        )
        for one in rounds
    ]
    columns = ("round", "begun", "finished", "status", "by", "to know")
    output.table(columns, rows, empty="There was no round yet. Begin with: desk daily")
