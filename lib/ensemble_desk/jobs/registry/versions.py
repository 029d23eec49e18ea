"""Commands that look at the registry: list, show, production, history, live-at."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Annotated, Any

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json, Limit, MaybeSymbol, MaybeTimeframe, Symbol, Timeframe
from ensemble_desk.market import aims
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ages
from ensemble_desk.registry.entities import Deployment, Production, State, VersionRecord
from ensemble_desk.registry.folder import retention
from ensemble_desk.registry.index import descriptions, versions
from ensemble_desk.registry.index.descriptions import Told
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.opening import Registry

_LIST_KEYS = (
    "symbol",
    "timeframe",
    "version",
    "state",
    "ensemble_accuracy",
    "baseline_accuracy",
    "weights",
    "sha256",
    "size_bytes",
    "created_at",
    "horizon",
    "expired",
    "problem",
)
_PRODUCTION_KEYS = ("symbol", "timeframe", "version", "mode", "revision", "since", "actor", "reason")
_PAGE = 500
_NO_VERSIONS = "No version is registered. Train one: desk train --symbol AAPL --timeframe d1"


def list_versions(
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Only this ticker symbol.")] = None,
    timeframe: Annotated[str | None, typer.Option("--timeframe", help="Only this timeframe.")] = None,
    state: Annotated[State | None, typer.Option("--state", help="Only versions in this state.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List versions, newest first."""
    asked = arguments.key(symbol or "A", timeframe or "d1")
    with desk.registry() as registry:
        wanted = {
            "symbol": symbol.strip().upper() if symbol else None,
            "timeframe": asked.timeframe if timeframe else None,
            "state": state,
        }
        found = list(_all_versions(registry, wanted, limit=limit))
        old = [is_expired(registry, record) for record in found]
    rows = [
        _chosen(output.row(record) | {"expired": is_old}, _LIST_KEYS) for record, is_old in zip(found, old, strict=True)
    ]
    output.show(rows, as_json=as_json, table=lambda: version_table(found, old))


def show(
    symbol: Symbol,
    timeframe: Timeframe,
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]", help="Production's when left out.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show everything that is known of one version without opening its file; of a pruned one, what is left."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        chosen = version or production.read(registry, key).version
        if chosen is None:
            output.note(f"{key} has no version in production.")
            raise typer.Exit(1)
        tombstone = next((one for one in retention.pruned(registry, key) if one.version == chosen), None)
        if tombstone is not None:
            facts = list(({"state": "pruned"} | output.row(tombstone)).items())
            told = dict(facts) | {"manifest": retention.manifest(registry, tombstone)}
            output.show(told, as_json=as_json, table=lambda: output.table(("", ""), facts, empty=_NO_VERSIONS))
            return
        record = versions.get(registry, key, chosen)
        manifest = versions.manifest(registry, key, chosen)
        described = descriptions.history(registry, key, chosen)
        is_old = is_expired(registry, record)
    aim = aims.of_content(manifest, timeframe=key.timeframe)
    known = {"expired": is_old, "horizon": aim.horizon, "label": aim.label.to_dict() if aim.label else None}
    told = output.row(record) | known | {"descriptions": [_description(one) for one in described]}
    told |= {"manifest": manifest}
    facts = [
        (name, value) for name, value in output.row(record).items() if value not in (None, "") and name not in known
    ]
    facts += [(name, "unknown" if value is None else value) for name, value in known.items()]
    facts += [
        (f"told by {one.actor}", f"{one.at:%Y-%m-%d %H:%M} UTC, {one.scope}: {one.description.in_words}")
        for one in described
    ]
    output.show(told, as_json=as_json, table=lambda: output.table(("", ""), facts, empty=_NO_VERSIONS))


def _description(one: Told) -> dict[str, Any]:
    return {"at": one.at, "actor": one.actor, "scope": str(one.scope), "told": one.description.to_dict()}


def show_production(symbol: MaybeSymbol = None, timeframe: MaybeTimeframe = None, *, as_json: Json = False) -> None:
    """Show what is in production for one key, or for all of them."""
    key = arguments.optional_key(symbol, timeframe)
    with desk.registry() as registry:
        found = production.fleet(registry) if key is None else (production.read(registry, key),)
    rows = [_chosen(output.row(pointer), _PRODUCTION_KEYS) for pointer in found]
    told: Any = rows if key is None else rows[0]
    output.show(told, as_json=as_json, table=lambda: _production_table(found))


def show_history(
    symbol: MaybeSymbol = None, timeframe: MaybeTimeframe = None, *, limit: Limit = None, as_json: Json = False
) -> None:
    """Show the deployments, newest first, refused attempts and what people told of versions included."""
    key = arguments.optional_key(symbol, timeframe)
    with desk.registry() as registry:
        found = history.deployments(registry, key, limit=limit or 100)
        told = descriptions.history(registry, key)[: limit or 100]
    rows = [output.row(one) for one in found] + [_as_deployment(one, key) for one in told]
    rows.sort(key=lambda row: str(row["at"]), reverse=True)
    output.show(rows[: limit or 100], as_json=as_json, table=lambda: _history_table(found, told))


def live_at(
    symbol: Symbol,
    timeframe: Timeframe,
    at: Annotated[str, typer.Argument(metavar="AT", help="A moment such as 2025-01-21T14:00, UTC without a zone.")],
    *,
    as_json: Json = False,
) -> None:
    """Say which version was live at a moment, who had put it there and why."""
    key, moment = arguments.key(symbol, timeframe), arguments.moment(at)
    with desk.registry() as registry:
        found = history.live_at(registry, key, moment)
    told = {"symbol": key.symbol, "timeframe": key.timeframe, "at": moment, "version": found.version}
    told |= {"move": found.move, "first": found.first}
    rows = [(key, moment, found.version, one.at, one.actor, one.action, one.reason) for one in [found.move] if one]
    columns = ("key", "at", "version", "since", "by", "through", "why")
    output.show(told, as_json=as_json, table=lambda: output.table(columns, rows, empty=found.in_words))
    if found.version is None:
        output.note(found.in_words)
        raise typer.Exit(1)


def _as_deployment(one: Told, key: Key | None) -> dict[str, Any]:
    """Write a description as a row of history; it moves nothing."""
    blank = dict.fromkeys(field.name for field in fields(Deployment) if field.name != "key")
    where = {"symbol": key.symbol if key else None, "timeframe": key.timeframe if key else None}
    said = {"at": output.plain(one.at), "action": "describe", "outcome": "told", "actor": one.actor}
    return where | blank | said | {"subject": str(one.scope), "reason": one.description.in_words, "preflight": []}


def _history_table(found: tuple[Deployment, ...], told: tuple[Told, ...]) -> None:
    deployment_table(found)
    rows = [(one.at, one.scope, one.actor, one.description.in_words) for one in told]
    if rows:
        output.table(("at", "described", "by", "told"), rows, empty="")


def deployment_table(found: tuple[Deployment, ...]) -> None:
    rows = [
        (
            one.at,
            one.key,
            one.action,
            one.outcome,
            one.from_version,
            one.to_version,
            one.mode,
            one.revision,
            one.actor,
            one.reason,
            one.refusal,
        )
        for one in found
    ]
    columns = ("at", "key", "action", "outcome", "from", "to", "mode", "revision", "actor", "reason", "refusal")
    output.table(columns, rows, empty="Nothing has been deployed yet.")


def _all_versions(registry: Registry, wanted: dict[str, Any], *, limit: int | None) -> Iterator[VersionRecord]:
    left, after = limit, None
    while left is None or left > 0:
        page = versions.listing(registry, **wanted, limit=min(_PAGE, left or _PAGE), after=after)
        yield from page.rows
        left = None if left is None else left - len(page.rows)
        after = page.next_cursor
        if after is None:
            return


def is_expired(registry: Registry, record: VersionRecord) -> bool:
    return ages.is_expired(registry.settings, record.key, record.version, now=registry.clock())


def version_table(found: list[VersionRecord], old: list[bool]) -> None:
    with_problems = any(record.problem for record in found)
    rows = [
        (
            record.key,
            record.version,
            f"{record.state}, expired" if is_old else record.state,
            record.horizon or "unknown",
            _accuracy(record),
            output.percent(record.baseline_accuracy),
            record.n_holdout,
            record.weights,
            record.last_bar,
            f"{record.size_bytes / 1e6:.2f} MB",
            record.sha256[:12],
            *([record.problem] if with_problems else []),
        )
        for record, is_old in zip(found, old, strict=True)
    ]
    columns = (
        "key",
        "version",
        "state",
        "horizon",
        "accuracy",
        "majority",
        "n",
        "weights",
        "last bar",
        "size",
        "sha256",
        *(["why"] if with_problems else []),
    )
    output.table(columns, rows, empty=_NO_VERSIONS)


def _accuracy(record: VersionRecord) -> str:
    told = output.percent(record.ensemble_accuracy)
    if record.accuracy_low is None or record.accuracy_high is None:
        return told
    return f"{told} [{100 * record.accuracy_low:.0f}–{100 * record.accuracy_high:.0f}]"


def _production_table(found: tuple[Production, ...]) -> None:
    rows = [
        (one.key, one.version, one.mode, one.revision, one.since, one.actor, one.reason, one.newer_waiting)
        for one in found
    ]
    columns = ("key", "version", "mode", "revision", "since", "by", "reason", "newer waits")
    output.table(columns, rows, empty=_NO_VERSIONS)


def _chosen(told: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: told[name] for name in names}


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_versions,
    "show": show,
    "production": show_production,
    "history": show_history,
    "live-at": live_at,
}
