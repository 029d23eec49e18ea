"""Commands that train: one key, the fleet, or the demonstration set, with progress on standard error."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from ensemble_desk.ensemble.members import catalogue as registered
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs import outcomes as log
from ensemble_desk.jobs.arguments import ActorName, Jobs, Json
from ensemble_desk.jobs.inputs import keys
from ensemble_desk.jobs.inputs.keys import Part, SymbolsFrom
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.training import demo as demonstration
from ensemble_desk.training import fleet, job
from ensemble_desk.training.fleet import TrainingRequest
from ensemble_desk.training.job import TrainingOutcome
from ensemble_desk.training.runs import FAILED
from ensemble_desk.training.wanted_label import WantedLabel

_DEFAULT_TIMEFRAME = "d1"
_COLUMNS = ("key", "run", "status", "version", "seconds", "error")


def train(
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Ticker symbol to train.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every key of the source of bars.")] = False,
    timeframe: Annotated[
        str | None, typer.Option("--timeframe", help="Such as d1, the default; with --all every one.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Use bars up to this day; it names the version.")
    ] = None,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    again: Annotated[
        bool, typer.Option("--again", help="Another version also where the same was trained from the same already.")
    ] = False,
    members: Annotated[
        str,
        typer.Option(
            "--members", metavar="NAMES", help=f"With commas between them; of {', '.join(registered.MEMBERS)}."
        ),
    ] = ",".join(registered.DEFAULT_MEMBERS),
    horizon: Annotated[
        str | None,
        typer.Option("--horizon", help="Bars, or a span such as 5D or 4h; by default the timeframe's first."),
    ] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Log return that a move must exceed, the same at every bar.")
    ] = None,
    multiplier: Annotated[
        float | None, typer.Option("--multiplier", help="The same in trailing standard deviations; 0.5 by default.")
    ] = None,
    features: Annotated[
        str, typer.Option("--features", metavar="NAME", help="A team's own features, see: desk features list")
    ] = "",
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Train a version of one key, or of every key; exits 1 when any training failed."""
    label = WantedLabel(horizon, threshold, multiplier)
    if (symbol is None) == (not every):
        message = "say --symbol or --all"
        raise typer.BadParameter(message)
    moment = fleet.end_of(arguments.day(as_of)) if as_of else None
    names = arguments.names(members)
    registered.require(names)
    said = keys.wanted(symbol, timeframe, shard, symbols_from)
    request = partial(TrainingRequest, as_of=moment, members=names, label=label, feature_set=features)
    forced = uuid.uuid4().hex if again else ""
    missing = False
    with desk.registry() as registry:
        settings = registry.settings
        name = desk.actor(settings, actor).name
        if symbol is not None:
            key = arguments.key(symbol, timeframe or _DEFAULT_TIMEFRAME)
            outcomes: Sequence[TrainingOutcome] = (_train_one(registry, request(key, again=forced), actor=name),)
        else:
            known = registry.source.keys()
            requests = [request(key, again=forced) for key in said.of(known)]
            missing = said.tell_missing(known)
    if symbol is None:
        outcomes = _train_all(settings, requests, n_jobs=jobs or 0, actor=name)
    told = outcomes[0] if symbol is not None else list(outcomes)
    output.show(told, as_json=as_json, table=lambda: _table(outcomes))
    _exit(outcomes)
    if missing:
        raise typer.Exit(1)


def demo(
    *,
    if_empty: Annotated[
        bool,
        typer.Option("--if-empty", help="Do nothing when any version is registered; go on with an interrupted demo."),
    ] = False,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Train real versions of several symbols and replay the bars since, so that every page has something to show."""
    settings = desk.settings()
    name = desk.actor(settings, actor).name
    with _bar("demonstration set") as (began, finished):
        outcomes = demonstration.run(settings, if_empty=if_empty, actor=name, began=began, progress=finished)
    if outcomes:
        with desk.registry(writes_rows=True) as registry:
            log.fill_log(registry)
    else:
        output.note("There are versions already; nothing to do.")
    if as_json or outcomes:
        output.show(list(outcomes), as_json=as_json, table=lambda: _table(outcomes))
    _exit(outcomes)


def _train_one(registry: Registry, request: TrainingRequest, *, actor: str) -> TrainingOutcome:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(str(request.key), total=job.N_STEPS)

        def step(name: str, number: int, n_steps: int) -> None:
            bar.update(task, description=f"{request.key} {name}", completed=number - 1, total=n_steps)

        return job.train(
            registry,
            request.key,
            as_of=request.as_of,
            actor=actor,
            progress=step,
            members=request.members,
            label=request.label,
            feature_set=request.feature_set,
            again=request.again,
        )


def _train_all(
    settings: Settings, requests: Sequence[TrainingRequest], *, n_jobs: int, actor: str
) -> tuple[TrainingOutcome, ...]:
    with _bar("training") as (began, finished):
        began(len(requests))
        return fleet.train_all(settings, requests, n_jobs=n_jobs, actor=actor, progress=finished)


@contextmanager
def _bar(title: str) -> Iterator[tuple[Callable[[int], None], Callable[[TrainingOutcome], None]]]:
    """Draw a progress bar: gives what to tell it at the start and after each training."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, visible=False)

        def began(total: int) -> None:
            bar.update(task, total=total, visible=True)

        def finished(outcome: TrainingOutcome) -> None:
            told = f"failed: {outcome.error}" if outcome.error else f"{outcome.version}{_already(outcome)}"
            bar.console.print(f"{outcome.key} {told} ({outcome.seconds:.1f} s)", markup=False, soft_wrap=True)
            bar.advance(task)

        yield began, finished


def _already(outcome: TrainingOutcome) -> str:
    return " was trained from the same already" if outcome.known else ""


def _table(outcomes: Sequence[TrainingOutcome]) -> None:
    rows = [(one.key, one.run_id, one.status, one.version, f"{one.seconds:.1f}", one.error) for one in outcomes]
    output.table(_COLUMNS, rows, empty="There was nothing to train.")
    if known := [f"{one.key} {one.version}" for one in outcomes if one.known]:
        output.note(f"trained from the same already: {', '.join(known)}. Another version of it: --again")


def _exit(outcomes: Sequence[TrainingOutcome]) -> None:
    failed = [one for one in outcomes if one.status == FAILED]
    for one in failed:
        output.note(f"error: {one.key}: {one.error}")
    if failed:
        raise typer.Exit(1)
