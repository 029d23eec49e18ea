"""Commands that tell how versions do: live accuracy, and the report to mail."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from ensemble_desk.errors import UnwritableFileError
from ensemble_desk.evaluation.intervals import AccuracyEstimate, Mean
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json, Symbol, Timeframe
from ensemble_desk.monitoring import live, reporting, scoreboard
from ensemble_desk.monitoring.evidence.calibration import Promise
from ensemble_desk.monitoring.live import LiveAccuracy, Series
from ensemble_desk.monitoring.scoreboard import MemberScore
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production

Kinds = Annotated[
    list[Kind] | None, typer.Option("--kind", help="live or replay; by default live ones, or replayed ones if none.")
]


def accuracy(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    version: Annotated[
        str | None, typer.Option("--version", help="The version to ask; production's by default.")
    ] = None,
    whole_key: Annotated[
        bool, typer.Option("--key", help="All versions of the key, each bar by the one that spoke.")
    ] = False,
    horizon: Annotated[
        str | None, typer.Option("--horizon", help="Such as 1D or 1W; the trained one by default.")
    ] = None,
    kind: Kinds = None,
    as_json: Json = False,
) -> None:
    """Show the accuracy of forecasts whose outcome is known, beside what it must be compared with."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        chosen = None if whole_key else version or production.read(registry, key).version
        if version is not None:
            versions.get(registry, key, version)
        found = live.accuracy(
            registry,
            key,
            version=chosen,
            horizon=horizon,
            kinds=kind or None,
        )
        members = (
            scoreboard.members(registry, key, version=chosen, horizon=horizon, kinds=kind or None) if chosen else ()
        )
    output.show(_told(found, members), as_json=as_json, table=lambda: _table(found, members))


def report(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")],
) -> None:
    """Write a self-contained HTML report of a key, to mail."""
    from ensemble_desk.figures.mailed import report as page

    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        text = page.html(reporting.collect(registry, key))
    try:
        out.write_text(text, "utf-8")
    except OSError as error:
        raise UnwritableFileError(str(out), str(error.strerror or error)) from error
    output.note(f"{out} holds the report of {key}.")


def written(estimate: AccuracyEstimate | None) -> str:
    """Write an accuracy with its interval and n."""
    if estimate is None or math.isnan(estimate.value):
        return "unknown"
    if not estimate.n:
        return f"{estimate.value:.1%}"
    return f"{estimate.value:.1%} [{estimate.low:.0%}-{estimate.high:.0%}], n {estimate.n}, n_eff {estimate.n_eff:.0f}"


def _kept(promise: Promise) -> str:
    limits = f"[{promise.low:+.1%}, {promise.high:+.1%}]"
    return f"{promise.promised:.1%}, gap {promise.gap:+.1%} {limits}, Z {output.cell(promise.z)}"


def difference(mean: Mean) -> str:
    """Write a difference with its interval."""
    return f"{mean.value:+.4f} [{mean.low:+.4f}, {mean.high:+.4f}]"


def _told(found: LiveAccuracy, members: tuple[MemberScore, ...]) -> dict[str, Any]:
    told = _row(found)
    told["members"] = [_row(one) for one in members]
    return told


def _row(value: LiveAccuracy | MemberScore) -> dict[str, Any]:
    """Write a value whose series is made of arrays."""
    return output.row(value) | {"series": _series(value.series)}


def _series(rolled: Series) -> dict[str, Any]:
    columns = ("accuracy", "low", "high", "promised", "n_eff")
    told = {name: output.plain(getattr(rolled, name).tolist()) for name in columns}
    return {"window": rolled.window, "times": rolled.times.astype(str).tolist(), **told}


def _table(found: LiveAccuracy, members: tuple[MemberScore, ...]) -> None:
    promise, scores = found.promise, found.scores
    facts = [
        ("key", found.key),
        ("version", found.version or "all, each bar by its own"),
        ("horizon", f"{found.horizon} ({found.horizon_bars} bars)" if found.horizon else "unknown"),
        ("forecasts", " and ".join(kind.value for kind in found.kinds) or found.state.value),
        ("bars", f"{found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}" if found.first and found.last else ""),
        ("accuracy", written(found.accuracy)),
        ("newest", written(found.recent)),
        ("validated", written(found.validated)),
        ("majority", written(found.majority)),
        ("persistence", written(found.persistence)),
        ("promised", promise and _kept(promise)),
        ("against usual rates", found.skill and found.skill.in_words),
        ("lean", found.lean and found.lean.in_words),
        ("never named", ", ".join(found.never_named) or None),
        *((name.replace("_", " "), scores[name]) for name in ("log_loss", "brier", "rps")),
        *((name.replace("_", " "), scores[name]) for name in ("volatility_skill", "direction_skill")),
    ]
    facts += [
        (kind.value, f"{one.matured} matured, {one.pending} pending, {one.void} void")
        for kind, one in found.counts.items()
    ]
    output.table(("", ""), facts, empty="")
    regimes = (*found.volatility, *found.months)
    rows = [(one.name, written(one.accuracy), one.skill and one.skill.in_words) for one in regimes]
    output.table(("regime", "accuracy", "against usual rates"), rows, empty="")
    if members:
        board = [
            (one.name, written(one.accuracy), one.log_loss.value, difference(one.difference), one.verdict)
            for one in members
        ]
        output.table(("member", "accuracy", "log-loss", "against equal weights", "verdict"), board, empty="")
