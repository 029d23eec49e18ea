"""Commands of upkeep: rehearse, which says whether production can go back, prune and pruned."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Annotated, Any

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Jobs, Json, MaybeSymbol, MaybeTimeframe
from ensemble_desk.jobs.inputs import keys as inputs
from ensemble_desk.jobs.inputs.keys import Part, SymbolsFrom
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.folder import reserve, retention
from ensemble_desk.registry.folder.retention import Fate
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.registry.preflight.readiness import Going, Readiness

_NO_KEYS = "No version is registered. Train one: desk train --symbol AAPL --timeframe d1"

Every = Annotated[bool, typer.Option("--all", help="Every key.")]


def rehearse(
    symbol: MaybeSymbol = None,
    timeframe: MaybeTimeframe = None,
    *,
    every: Every = False,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    force: Annotated[bool, typer.Option("--force", help="Also what was rehearsed within a day.")] = False,
    as_json: Json = False,
) -> None:
    """Run the preflight of the version each rollback would go to; exits 1 when a key with earlier ones cannot go."""
    key = _one_or_all(symbol, timeframe, every=every)
    said = inputs.wanted(None, None, shard, symbols_from)
    with desk.registry() as registry:
        known = list(readiness.of_fleet(registry))
        keys = said.of(known) if key is None else (key,)
        with output.counting("rehearsals", len(keys)) as told:
            where = readiness.place(registry, n_jobs=jobs)
            found = readiness.rehearse_due(registry, keys, force=force, where=where, told=told)
        now = registry.clock()
    missing = said.tell_missing(known)
    show(found, now, as_json=as_json)
    if tell_stuck(found) or missing:
        raise typer.Exit(1)


def show(found: Sequence[Readiness], now: datetime, *, as_json: bool) -> None:
    told = [output.row(one) | {"age_seconds": _age_seconds(one, now)} for one in found]
    output.show(told, as_json=as_json, table=lambda: _readiness_table(found, now))


def tell_stuck(found: Sequence[Readiness]) -> bool:
    """Tell which keys have nothing to go back to; whether one with earlier versions cannot go back now."""
    first = [str(one.key) for one in found if one.state is Going.NO_EARLIER]
    if first:
        output.note(f"no earlier version to go back to: {', '.join(first)}")
    stuck = [str(one.key) for one in found if one.state not in (Going.READY, Going.NO_EARLIER)]
    if stuck:
        output.note(f"cannot go back now: {', '.join(stuck)}")
    return bool(stuck)


def prune(
    symbol: MaybeSymbol = None,
    timeframe: MaybeTimeframe = None,
    *,
    keep: Annotated[int, typer.Option("--keep", min=1, help="How many of the newest usable versions of a key stay.")],
    every: Every = False,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; otherwise only show what would go.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; needed with --apply.")] = "",
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Delete old versions that nothing needs, each leaving a tombstone; shows what would go unless --apply is given."""
    key = _one_or_all(symbol, timeframe, every=every)
    keys = None if key is None else [key]
    room = reserve.given_up(desk.settings()) if apply else nullcontext()
    with room, desk.registry() as registry:
        if apply:
            who = desk.actor(registry.settings, actor)
            fates = retention.prune(registry, keep=keep, keys=keys, actor=who, reason=reason)
        else:
            fates = retention.plan(registry, keep=keep, keys=keys)
    output.show(list(fates), as_json=as_json, table=lambda: _fate_table(fates))
    going = [fate for fate in fates if fate.goes]
    told = f"{len(going)} of {len(fates)} versions, {sum(fate.size_bytes for fate in going) / 1e6:.1f} MB"
    advice = " Nothing changed. Add --apply and --reason to delete them." if going else ""
    output.note(f"Pruned: {told}." if apply else f"Would go: {told}.{advice}")


def show_pruned(symbol: MaybeSymbol = None, timeframe: MaybeTimeframe = None, *, as_json: Json = False) -> None:
    """Show what was pruned: the tombstones of one key, or of all."""
    key = arguments.optional_key(symbol, timeframe)
    with desk.registry() as registry:
        found = retention.pruned(registry, key)
    rows = [
        (one.key, one.version, one.pruned_at, one.actor, one.reason, f"{one.size_bytes / 1e6:.2f} MB", one.sha256[:12])
        for one in found
    ]
    columns = ("key", "version", "pruned", "by", "reason", "size", "sha256")
    empty = "Nothing has been pruned."
    output.show(list(found), as_json=as_json, table=lambda: output.table(columns, rows, empty=empty))


def _fate_table(fates: Sequence[Fate]) -> None:
    rows = [
        (fate.key, fate.version, "goes" if fate.goes else "stays", fate.why, f"{fate.size_bytes / 1e6:.2f} MB")
        for fate in fates
    ]
    output.table(("key", "version", "", "why", "size"), rows, empty=_NO_KEYS)


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


COMMANDS: dict[str, Callable[..., None]] = {"rehearse": rehearse, "prune": prune, "pruned": show_pruned}
