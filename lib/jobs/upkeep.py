"""Commands of upkeep: rehearse, which says whether production can go back, and prune."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from lib.jobs import arguments, desk, output
from lib.jobs.arguments import Json, MaybeSymbol, MaybeTimeframe
from lib.market.keys import Key
from lib.registry import readiness
from lib.registry.readiness import Going, Readiness

_NO_KEYS = "No version is registered. Train one: python -m lib.jobs train --symbol AAPL --timeframe d1"

Every = Annotated[bool, typer.Option("--all", help="Every key.")]


def rehearse(
    symbol: MaybeSymbol = None,
    timeframe: MaybeTimeframe = None,
    *,
    every: Every = False,
    force: Annotated[bool, typer.Option("--force", help="Also what was rehearsed within a day.")] = False,
    as_json: Json = False,
) -> None:
    """Run the preflight of the version each rollback would go to; exits 1 when some key cannot go back now."""
    key = _one_or_all(symbol, timeframe, every=every)
    with desk.registry() as registry:
        found = readiness.rehearse_due(registry, None if key is None else [key], force=force)
        now = registry.clock()
    told = [output.row(one) | {"age_seconds": _age_seconds(one, now)} for one in found]
    output.show(told, as_json=as_json, table=lambda: _readiness_table(found, now))
    stuck = [str(one.key) for one in found if one.state is not Going.READY]
    if stuck:
        output.note(f"cannot go back now: {', '.join(stuck)}")
        raise typer.Exit(1)


def _one_or_all(symbol: str | None, timeframe: str | None, *, every: bool) -> Key | None:
    """Read which key is meant; None for all of them."""
    key = arguments.optional_key(symbol, timeframe)
    if (key is None) != every:
        message = "say either SYMBOL and TIMEFRAME, or --all"
        raise typer.BadParameter(message)
    return key


def _readiness_table(found: Sequence[Readiness], now: datetime) -> None:
    rows: list[Sequence[Any]] = [
        (
            one.key,
            one.live,
            one.target,
            one.state,
            None if one.at is None else _age(one, now),
            f"{one.failed_step}: {one.detail}" if one.failed_step else "",
            None if one.milliseconds is None else f"{one.milliseconds:.0f} ms",
        )
        for one in found
    ]
    columns = ("key", "live", "would go back to", "state", "rehearsed", "failed", "took")
    output.table(columns, rows, empty=_NO_KEYS)


def _age(one: Readiness, now: datetime) -> str:
    minutes = int((_age_seconds(one, now) or 0) // 60)
    return f"{minutes // 60} h {minutes % 60} min ago"


def _age_seconds(one: Readiness, now: datetime) -> float | None:
    age = one.age(now)
    return None if age is None else age.total_seconds()


COMMANDS: dict[str, Callable[..., None]] = {"rehearse": rehearse}
