"""Commands that copy everything to another place and bring it back: backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import ActorName, Json
from ensemble_desk.registry.backup import making, restoring


def back_up(
    to: Annotated[Path, typer.Argument(metavar="TO", help="A folder, best on another disk; it may hold earlier ones.")],
    *,
    as_json: Json = False,
) -> None:
    """Copy database, ledger and artifacts while everything runs; what is there already is not copied again."""
    with desk.registry() as registry:
        made = making.back_up(registry, to)
    told = output.row(made)
    output.show(told, as_json=as_json, table=lambda: output.table(("", ""), list(told.items()), empty=""))
    if made.missing:
        output.note(f"error: not in the models folder, and so not in the backup: {', '.join(made.missing)}")
        raise typer.Exit(1)


def restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The folder that desk backup was given.")],
    *,
    at: Annotated[str | None, typer.Option("--at", help="Which backup, by its name; the newest by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only see that all of it is there and agrees.")] = False,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Bring a backup back where DESK_MODELS_URL and DESK_DATABASE_URL say; nothing is ever overwritten."""
    settings = desk.settings()
    if check:
        found = restoring.check(source, at=at)
    else:
        found = restoring.restore(settings, source, at=at, actor=desk.actor(settings, actor))
    told = output.row(found)
    output.show(told, as_json=as_json, table=lambda: output.table(("", ""), list(told.items()), empty=""))
    output.note("The backup is whole." if check else "Restored. Now run: desk registry verify")
