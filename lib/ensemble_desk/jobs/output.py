"""How results are printed: JSON for programs, tables for people, messages on standard error."""

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from ensemble_desk.errors.base import spelt_out
from ensemble_desk.market.keys import Key

_WIDE = 220  # columns when nobody looks at a terminal


def plain(value: Any) -> Any:
    """Turn a result into JSON types: keys become symbol and timeframe, times ISO texts, NaN null."""
    match value:
        case Enum():
            told = value.value
        case date():  # datetimes are dates as well
            told = value.isoformat()
        case float():
            told = value if math.isfinite(value) else None
        case Mapping():
            told = {str(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            told = [plain(item) for item in value]
        case _:
            told = row(value) if is_dataclass(value) and not isinstance(value, type) else value
    return told


def row(value: Any) -> dict[str, Any]:
    """Turn a frozen value into a flat object; its key becomes ``symbol`` and ``timeframe``."""
    told: dict[str, Any] = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if field.name == "key":
            told |= {"symbol": item.symbol, "timeframe": item.timeframe} if isinstance(item, Key) else {}
        else:
            told[field.name] = plain(item)
    return told


def show(value: Any, *, as_json: bool, table: Callable[[], None]) -> None:
    """Print a result as JSON, or let it be told to a person."""
    if as_json:
        print(json.dumps(plain(value), indent=2, allow_nan=False))  # noqa: T201 - the program's output
    else:
        table()


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> None:
    """Print rows under a heading, or the sentence that says what to do about there being none."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    if not rows:
        console.print(escape(empty))
        return
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for cells in rows:
        drawn.add_row(*(escape(visible(cell(value))) for value in cells))
    console.print(drawn)


def cell(value: object) -> str:
    """Write one value for a person."""
    if value is None or value == "":
        return "–"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {cell(item)}" for name, item in value.items()) or "–"
    return str(value)


@contextmanager
def counting(title: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Draw a progress bar on standard error, only on a terminal.

    Gives what to tell it: one more is done, or how many of how many are.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total)

        def told(done: int | None = None, of: int | None = None) -> None:
            bar.update(task, completed=done, total=of, advance=1 if done is None else None)

        yield told


def percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def lean(name: str | None, edges: Mapping[str, float] | None) -> str:
    """Write the class furthest above its usual rate, with its edge in points."""
    return "unknown" if name is None or edges is None else f"{name} {100 * edges[name]:+.1f}"


def moves(told: Mapping[str, float]) -> str:
    """Write an expected move and its bands as changes of the price."""
    change = {name: f"{math.expm1(value):+.2%}" for name, value in told.items()}
    limits = (f"{share} %: {change[f'low_{share}']} to {change[f'high_{share}']}" for share in (50, 80, 95))
    return f"{change['expected']}; {'; '.join(limits)}"


def note(message: str) -> None:
    """Say something that is no result, in one line on standard error."""
    print(visible(message), file=sys.stderr)  # noqa: T201 - the program's voice


def visible(text: str) -> str:
    """Write a text in one line, with what a terminal would obey spelt out: names and reasons come from anybody."""
    return spelt_out(" ".join(text.split()))
