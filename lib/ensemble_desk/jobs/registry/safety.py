"""Commands that say whether anything was lost or changed, and bring it back: verify and restore."""

from collections.abc import Callable
from typing import Annotated

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Jobs, Json, Reason
from ensemble_desk.jobs.inputs import keys
from ensemble_desk.jobs.inputs.keys import Part, SymbolsFrom
from ensemble_desk.monitoring.auditing import whole
from ensemble_desk.registry.backup import rebuilding
from ensemble_desk.registry.ledger import production


def verify(
    *,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="Look only at files and rows from this day on.")
    ] = None,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Check database, ledger, digests, pointers, files, moves and what is kept of the log; exits 1 on any finding."""
    day = None if since is None else arguments.day(since)
    said = keys.wanted(None, None, shard, symbols_from)
    with desk.registry(whatever_the_ledger_says=True) as registry, output.counting("files") as told:
        place = desk.place(registry.settings, jobs)
        findings = whole.verify(registry, since=day, of_keys=said.holds, place=place, told=told)
        missing = bool(symbols_from) and said.tell_missing([one.key for one in production.fleet(registry)])
    rows = [(finding.key, finding.kind, finding.detail) for finding in findings]
    empty = "Everything agrees: files, index, pointers, ledger, digests and the chain of deployments."
    output.show(
        list(findings), as_json=as_json, table=lambda: output.table(("key", "kind", "detail"), rows, empty=empty)
    )
    if findings or missing:
        raise typer.Exit(1)


def restore(
    *,
    reason: Reason,
    new_ledger: Annotated[
        bool, typer.Option("--new-ledger", help="The ledger was lost: begin one from the registry as it is.")
    ] = False,
    without_history: Annotated[
        bool, typer.Option("--without-history", help="Registry and ledger were lost: take the files in anew.")
    ] = False,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Bring an empty or older registry to where its ledger ends: history, pins, quarantines and tombstones."""
    if new_ledger and without_history:
        message = "say --new-ledger or --without-history, not both"
        raise typer.BadParameter(message)
    with desk.registry(whatever_the_ledger_says=True) as registry:
        who = desk.actor(registry.settings, actor)
        if new_ledger:
            told: dict[str, object] = {"lines": rebuilding.new_ledger(registry, actor=who, reason=reason)}
        elif without_history:
            told = {"added": list(rebuilding.without_history(registry, actor=who, reason=reason))}
        else:
            told = output.row(rebuilding.from_ledger(registry, actor=who, reason=reason))
    output.show(told, as_json=as_json, table=lambda: output.table(("", ""), list(told.items()), empty=""))
    output.note("Now run: desk registry verify")


COMMANDS: dict[str, Callable[..., None]] = {"verify": verify, "restore": restore}
