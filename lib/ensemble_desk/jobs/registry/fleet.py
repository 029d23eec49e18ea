"""Commands that move many keys together: rollback-fleet and undo-group."""

from collections.abc import Callable
from typing import Annotated
from uuid import uuid4

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Json, Reason
from ensemble_desk.jobs.registry.versions import deployment_table
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.moves import fleet, undo

_NONE = "No key is live on a version of that training."


def roll_back_fleet(
    *,
    trained: Annotated[
        str | None, typer.Option("--trained", help="Keys whose live version carries this day, such as 2013-01-31.")
    ] = None,
    run: Annotated[list[int] | None, typer.Option("--run", help="Keys whose live version this run made.")] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option("--leave-out", metavar="KEY", help="A key that stays, such as IBM/w1.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; needed with --apply.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Do it; otherwise only show which keys it would be.")] = False,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Roll back every key that a training date or run put into production: all of them, or none."""
    if (trained is None) == (not run):
        message = "say either --trained DAY or --run NUMBER (which may be repeated)"
        raise typer.BadParameter(message)
    day = None if trained is None else arguments.day(trained)
    staying = {Key.parse(text) for text in leave_out or ()}
    with desk.registry() as registry:
        known = fleet.targets(registry, trained=day, run_ids=run or ())
        found = tuple(one for one in known if one.key not in staying)
        if not apply:
            rows = [(one.key, one.live, one.target, one.revision) for one in found]
            columns = ("key", "live", "would go back to", "revision")
            output.show(list(found), as_json=as_json, table=lambda: output.table(columns, rows, empty=_NONE))
            if found:
                output.note("Nothing changed. Add --apply and --reason to roll these keys back.")
            return
        who = desk.actor(registry.settings, actor)
        done = fleet.roll_back(registry, found, actor=who, reason=reason, group_id=uuid4().hex[:12])
    output.show(list(done), as_json=as_json, table=lambda: deployment_table(done))
    output.note(f"Undo all of it with: desk registry undo-group {done[0].group_id} --reason …")


def undo_group(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="The group that a rollback of many keys printed.")],
    *,
    reason: Reason,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Take back the moves of one group: all of them, or none."""
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = undo.undo_group(registry, group, actor=who, reason=reason)
    output.show(list(done), as_json=as_json, table=lambda: deployment_table(done))


COMMANDS: dict[str, Callable[..., None]] = {"rollback-fleet": roll_back_fleet, "undo-group": undo_group}
