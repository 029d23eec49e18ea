"""Commands that take files into the registry: sync, import."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import Jobs, Json
from ensemble_desk.jobs.inputs import files, keys
from ensemble_desk.jobs.inputs.keys import Part, SymbolsFrom, Wanted
from ensemble_desk.jobs.registry.versions import is_expired, version_table
from ensemble_desk.registry.folder import importing, sync
from ensemble_desk.registry.ledger import production


def synchronise(
    *, shard: Part = None, symbols_from: SymbolsFrom = None, jobs: Jobs = None, as_json: Json = False
) -> None:
    """Bring the index in line with the models folder; exits 1 when a file was refused or cannot go live."""
    said = keys.wanted(None, None, shard, symbols_from)
    of_keys = None if said == Wanted() else said.holds
    with desk.registry() as registry, output.counting("reading files") as progress:
        report = sync.synchronise(registry, force=True, progress=progress, of_keys=of_keys, n_processes=jobs or 0)
        missing = bool(symbols_from) and said.tell_missing([one.key for one in production.fleet(registry)])
    rows: list[tuple[object, ...]] = [
        (what, name, "")
        for what in ("added", "changed", "vanished", "returned", "followed")
        for name in getattr(report, what)
        if name not in report.incompatible
    ]
    rows += [("incompatible", name, reason) for name, reason in report.incompatible.items()]
    rows += [("unfit", name, reason) for name, reason in report.unfit.items()]
    rows += [("refused", name, reason) for name, reason in report.refused.items()]
    rows += [("passed over", name, reason) for name, reason in report.passed_over.items()]
    empty = "The index agrees with the folder."
    output.show(report, as_json=as_json, table=lambda: output.table(("what", "file or key", "why"), rows, empty=empty))
    if report.refused or report.unfit or missing:
        raise typer.Exit(1)


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An artifact that another program wrote.")],
    *,
    name: Annotated[str, typer.Option("--as", metavar="KEY/VERSION", help="For example AAPL/d1/20250121.")],
    as_json: Json = False,
) -> None:
    """Copy a file into the models folder under a proper name, never over another, and register it."""
    key, version = importing.named(name)
    with desk.registry() as registry:
        data = files.read(file, most_bytes=registry.store.max_bytes)
        record = importing.take_in(registry, data, source=file, key=key, version=version)
        is_old = is_expired(registry, record)
    output.show(record, as_json=as_json, table=lambda: version_table([record], [is_old]))


COMMANDS: dict[str, Callable[..., None]] = {"sync": synchronise, "import": import_file}
