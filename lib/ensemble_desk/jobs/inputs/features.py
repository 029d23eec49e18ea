"""Commands for a team's own features: which there are, and ready rows brought into the database."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ensemble_desk.database import opening as databases
from ensemble_desk.errors import FeatureSetError
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json
from ensemble_desk.jobs.inputs import files
from ensemble_desk.sources import feature_functions, opening, stored_features
from ensemble_desk.sources.stored_features import FeatureImport
from ensemble_desk.sources.upload import reading


def list_features(*, as_json: Json = False) -> None:
    """List the feature sets that settings and packages name, and those whose rows were imported; exits 1 on a fault."""
    settings = desk.settings()
    told: list[dict[str, Any]] = []
    for name, place in feature_functions.places(settings.features).items():
        digest, problem = "", ""
        try:
            digest = feature_functions.find(name, settings.features).digest
        except FeatureSetError as error:
            problem = error.problem
        told.append({"name": name, "function": place, "digest": digest, "problem": problem})
    database = databases.open_database(settings.registry_url)
    try:
        stored = stored_features.every(database)
    finally:
        database.close()
    named = {one["name"] for one in told}
    for one in stored:
        rows = f"{one.n_rows:,} {stored_features.ORIGIN} of {one.n_keys:,} symbols: {', '.join(one.columns)}"
        problem = "a function of the same name goes before these rows" if one.name in named else ""
        told.append({"name": one.name, "function": rows, "digest": one.digest, "problem": problem})
    rows_told = [(one["name"], one["function"], one["digest"][:12], one["problem"]) for one in told]
    empty = "There are none. Name one: DESK_FEATURES=NAME=package.module:function, or import rows: desk features import"
    columns = ("name", "function or rows", "digest", "problem")
    output.show(told, as_json=as_json, table=lambda: output.table(columns, rows_told, empty=empty))
    if any(one["problem"] for one in told):
        raise typer.Exit(1)


def import_features(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Rows of features with the time of their bar.")],
    *,
    name: Annotated[str, typer.Option("--set", help="Name of the feature set.")],
    symbol: Annotated[str, typer.Option("--symbol", help="Whose rows they are, for example AAPL.")],
    timeframe: Annotated[str, typer.Option("--timeframe", help=arguments.TIMEFRAMES)],
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="How dates such as 03/04/2024 begin.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Change many rows without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Import ready features into the database; every row must be of a bar that the source has."""
    settings = desk.settings()
    most_bytes = int(settings.max_upload_mb * 2**20)
    key = arguments.key(symbol, timeframe)
    content = files.read(file, most_bytes=most_bytes)
    table = reading.read_table(content, file_name=file.name, max_bytes=most_bytes, day_first=day_first)
    database = databases.open_database(settings.registry_url)
    try:
        done = stored_features.import_rows(
            database,
            name,
            key,
            table,
            bars=opening.open_source(settings, database=database).bars(key).frame,
            at=datetime.now(UTC),
            actor=settings.actor_name,
            file_name=file.name,
            may_change=yes,
        )
    finally:
        database.close()
    output.show(done, as_json=as_json, table=lambda: _import_table(done))


def _import_table(done: FeatureImport) -> None:
    rows = [
        ("features", done.name),
        ("key", done.key),
        ("columns", ", ".join(done.columns)),
        *((("columns left out", ", ".join(done.left_out)),) if done.left_out else ()),
        ("rows", f"{done.first:%Y-%m-%d} to {done.last:%Y-%m-%d}"),
        ("rows added", done.n_added),
        ("rows unchanged", done.n_unchanged),
        ("rows changed", done.n_changed),
    ]
    output.table(("", ""), rows, empty="")


COMMANDS: dict[str, Callable[..., None]] = {"list": list_features, "import": import_features}
