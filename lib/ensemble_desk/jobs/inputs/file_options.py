"""The options by which a command is told how a file of bars is to be read, defined once for all commands."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from ensemble_desk.sources.upload.answers import Answers

_PAIR = re.compile(r'\s*([A-Za-z_]+)\s*=\s*("[^"]*"|[^,]*)\s*(?:,|$)')
_ALSO = {"date": "time", "adjclose": "adj_close", "symbol": "ticker"}

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "ticker": (Annotated[str | None, typer.Option("--ticker", help="Which of several tickers in the file.")], None),
    "join": (Annotated[bool, typer.Option("--join", help="Take all tickers as one renamed symbol.")], False),
    "day_first": (
        Annotated[bool | None, typer.Option("--day-first/--month-first", help="How dates such as 03/04/2024 begin.")],
        None,
    ),
    "time_zone": (
        Annotated[
            str | None,
            typer.Option("--time-zone", help="Of times without one, and of daily bars written as moments; else UTC."),
        ],
        None,
    ),
    "shift_days": (
        Annotated[int | None, typer.Option("--shift-days", min=-7, max=7, help="Move the dates of daily bars.")],
        None,
    ),
    "time_format": (
        Annotated[str, typer.Option("--time-format", help="How times are written, for example %d.%m.%Y %H:%M.")],
        "",
    ),
    "stamped": (
        Annotated[
            Literal["start", "end"], typer.Option("--stamped", help="Whether times are those at which bars end.")
        ],
        "start",
    ),
    "week": (
        Annotated[
            Literal["begins", "ends"] | None,
            typer.Option("--week", help="Whether weekly bars carry the day their week begins or ends."),
        ],
        None,
    ),
    "decimal": (
        Annotated[Literal["point", "comma"] | None, typer.Option("--decimal", help="Which mark parts decimals.")],
        None,
    ),
    "price_scale": (
        Annotated[float | None, typer.Option("--price-scale", help="What prices are divided by, for example 10000.")],
        None,
    ),
    "columns": (
        Annotated[
            str,
            typer.Option(
                "--columns", help="Names of columns without any, in order: time,open,high,low,close,volume; - for none."
            ),
        ],
        "",
    ),
    "mapping": (
        Annotated[str, typer.Option("--map", help='Which column is which: close=PX_LAST,volume="Number of Shares".')],
        "",
    ),
    "skip_lines": (
        Annotated[int | None, typer.Option("--skip-lines", min=0, max=1_000, help="Lines at the top to pass over.")],
        None,
    ),
    "resample": (
        Annotated[bool, typer.Option("--resample", help="Put finer bars together to this timeframe.")],
        False,
    ),
    "leave_out": (
        Annotated[bool, typer.Option("--leave-out", help="Go on without rows that are no bar or repeat one.")],
        False,
    ),
    "keep": (
        Annotated[
            Literal["first", "last"] | None,
            typer.Option("--keep", help="Which of several rows of one time counts, by their order in the file."),
        ],
        None,
    ),
    "sort": (Annotated[bool, typer.Option("--sort", help="Put rows in the order of their times.")], False),
    "adjust_splits": (
        Annotated[bool, typer.Option("--adjust-splits", help="Adjust older prices for splits that prices show.")],
        False,
    ),
    "rescale": (
        Annotated[bool, typer.Option("--rescale", help="Bring prices 100 times the others to their scale.")],
        False,
    ),
}


def answered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `answers` all of the options instead."""
    own = inspect.signature(command, eval_str=True)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]
    before = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    after = [
        one for one in own.parameters.values() if one.kind is inspect.Parameter.KEYWORD_ONLY and one.name != "answers"
    ]

    @functools.wraps(command)
    def told(**given: Any) -> None:
        said = {name: given.pop(name) for name in _OPTIONS}
        command(answers=read(**said), **given)

    signature = inspect.Signature([*before, *after, *options])
    told.__signature__ = signature  # type: ignore[attr-defined]  # what Typer reads
    told.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()} | {"return": None}
    return told


def read(*, stamped: str, columns: str, mapping: str, week: Any, decimal: Any, keep: Any, **said: Any) -> Answers:
    """Bring the options of a command line into the form of answers."""
    return Answers(
        stamped_end=stamped == "end",
        columns=column_names(columns),
        mapping=pairs(mapping),
        week=week or "",
        decimal=decimal or "",
        keep=keep or "",
        **said,
    )


def column_names(text: str) -> tuple[str, ...]:
    return tuple(_ours(name) for name in text.split(",")) if text.strip() else ()


def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Read ``close=PX_LAST,volume="Number of Shares"``; an empty name stands for no column."""
    found, at = [], 0
    while at < len(text):
        match = _PAIR.match(text, at)
        if match is None or match.end() == at:
            message = f'{text!r} is no mapping; write it as close=PX_LAST,volume="Number of Shares"'
            raise typer.BadParameter(message)
        found.append((_ours(match[1]), match[2].strip().strip('"')))
        at = match.end()
    return tuple(found)


def _ours(name: str) -> str:
    plain = name.strip().lower()
    return _ALSO.get(plain, plain)
