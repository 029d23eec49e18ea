"""Commands that watch: check-drift, diagnose, simulate-alarms, alerts."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import typer

from ensemble_desk.forecasting.log import Kind
from ensemble_desk.jobs import arguments, desk, live, output
from ensemble_desk.jobs.arguments import Jobs, Json, Symbol, Timeframe
from ensemble_desk.jobs.inputs import keys as inputs
from ensemble_desk.jobs.inputs.keys import OneSymbol, OneTimeframe, Part, SymbolsFrom
from ensemble_desk.monitoring import daily, diagnosis, simulator
from ensemble_desk.monitoring import drift as watching
from ensemble_desk.monitoring.alerting import alarm_states, alerts, channels
from ensemble_desk.monitoring.alerting.alerts import Alert
from ensemble_desk.monitoring.diagnosis import Diagnosis
from ensemble_desk.monitoring.drift import FleetDrift
from ensemble_desk.monitoring.simulator import Alarms, Delay, Simulation
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.ledger import anchoring, production
from ensemble_desk.registry.opening import Registry

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the alerts, send none.")]
_SEED = 20_250_121


def check_drift(
    *,
    symbol: OneSymbol = None,
    timeframe: OneTimeframe = None,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write the daily metrics, say how every key does and send alerts; exits 1 when a fall is confirmed."""
    said = inputs.wanted(symbol, timeframe, shard, symbols_from)
    with desk.registry() as registry:
        known = [one.key for one in production.fleet(registry)]
        keys = said.of(known)
        with output.counting("daily metrics", len(keys)) as told:
            daily.record(registry, keys, place=desk.place(registry.settings, jobs), told=told)
        anchoring.tell(registry)
        fleet, meant = watching.fleet(registry, keep=True), set(keys)
        found = FleetDrift(tuple(one for one in fleet.states if one.key in meant))
        _send(registry, alerts.due(registry, fleet=fleet), dry_run=dry_run)
    failed = said.tell_missing(known)
    rows = [watching.told(one) for one in found.states]
    output.show(rows, as_json=as_json, table=lambda: _drift_table(found))
    if found.alerts or failed:
        raise typer.Exit(1)


def alarms(*, as_json: Json = False) -> None:
    """Take the alarm of every key one step further by the newest outcomes alone; exits 1 when one stands."""
    with desk.registry() as registry:
        found = alarm_states.bring_up_to_date(registry)
    rows = [
        (one.key, one.version, one.kind, one.n, one.n_new, f"{one.e_value:.3g}", _ringing(one.rings, one.stands))
        for one in found
    ]
    columns = ("key", "version", "forecasts", "outcomes", "new", "e-value", "alarm")
    output.show(
        list(found),
        as_json=as_json,
        table=lambda: output.table(columns, rows, empty="No version is in production."),
    )
    if any(one.stands for one in found):
        raise typer.Exit(1)


def _ringing(rings: bool, stands: bool) -> str:  # noqa: FBT001 - two answers of one look
    if stands:
        return "stands"
    return "rings alone" if rings else ""


def send_alerts(*, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Show every alert that stands, and send those that are new; exits 1 when no channel could be reached."""
    with desk.registry() as registry:
        found = alerts.due(registry)
        reached = _send(registry, found, dry_run=dry_run)
    rows = [(one.subject, one.title, one.text, one.link) for one in found]
    empty = "There is nothing to alert about."
    output.show(
        list(found), as_json=as_json, table=lambda: output.table(("about", "what", "why", "where"), rows, empty=empty)
    )
    if not reached:
        raise typer.Exit(1)


def diagnose(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    version: Annotated[
        str | None, typer.Option("--version", help="The version to ask; production's by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how far each feature has moved from what the version learnt from; no alarm."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        found = diagnosis.features_of(registry, key, version=version)
    output.show(found, as_json=as_json, table=lambda: _diagnosis_table(found))


def simulate_alarms(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    drop: Annotated[int, typer.Option("--drop", min=1, max=50, help="The fall to notice, in points.")] = 15,
    seed: Annotated[
        int, typer.Option("--seed", help="Of the imitated years; the same seed gives the same answer.")
    ] = _SEED,
    kind: live.Kinds = None,
    as_json: Json = False,
) -> None:
    """Say how often the policy would alarm for nothing, and how soon it would notice a fall."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        found = simulator.of_version(
            registry, key, generator=np.random.default_rng(seed), drop=drop / 100, kinds=kind or None
        )
    output.show(found, as_json=as_json, table=lambda: _simulation_table(found))


def _send(registry: Registry, found: Sequence[Alert], *, dry_run: bool) -> bool:
    """Send what is new, or say what would be sent; False when there was something to send and no channel took it."""
    if dry_run and not registry.settings.alert_urls:
        _would(found, "to nobody (DESK_ALERT_URLS names no channel)")
    deliveries = channels.send(registry, found, dry_run=dry_run)
    for one in deliveries:
        if dry_run:
            _would(one.alerts, f"to {one.channel}")
        elif one.problem:
            output.note(f"{one.channel}: {one.problem}; the next run tries again")
        elif one.alerts:
            output.note(f"{one.channel}: {len(one.alerts)} alert(s) sent")
    tried = [one for one in deliveries if one.alerts]
    return not tried or any(not one.problem for one in tried)


def _would(found: Sequence[Alert], whom: str) -> None:
    for alert in found:
        output.note(f"would be sent {whom}: {alert.message}")


def _drift_table(found: FleetDrift) -> None:
    rows = [
        (
            one.key,
            one.version,
            _kinds(one.kinds),
            live.written(one.overall),
            live.written(one.baseline),
            None if one.margin is None else f"{100 * one.margin:+.0f}",
            one.band,
            one.evidence,
            f"{one.e_value:.3g}",
            one.trend,
            one.recommendation,
            one.skill and one.skill.verdict,
            _settles(one),
        )
        for one in found.states
    ]
    columns = (
        "key", "version", "forecasts", "accuracy", "validated", "points", "band", "evidence", "e-value", "trend",
        "recommendation", "skill", "settled by",
    )  # fmt: skip
    output.table(columns, rows, empty="No version is in production.")
    alone = sum(one.rings_alone for one in found.states)
    output.note(
        f"{len(found.states)} keys, {len(found.alerts)} with a confirmed fall"
        f"{f', {alone} whose alarm rings but does not stand among so many keys' if alone else ''}"
        f", {len(found.unmeasured)} not measured."
    )
    for one in found.unmeasured:
        output.note(f"{one.key} is not measured: {one.problem}. Run: {one.remedy}")


def _settles(one: DriftState) -> str:
    if one.problem:
        return one.problem
    if one.rings:
        since = f" since about {one.since:%Y-%m-%d}" if one.since else ""
        return f"{'alone' if one.rings_alone else 'settled'}{since}"
    return "" if one.more_outcomes is None else f"{one.more_outcomes} more outcomes"


def _kinds(kinds: tuple[Kind, ...]) -> str:
    return " and ".join(kind.value for kind in kinds)


def _diagnosis_table(found: Diagnosis) -> None:
    rows = [
        (
            one.name,
            one.distance,
            one.ks,
            output.percent(one.outside),
            None if one.importance is None else output.percent(one.importance),
            one.p,
            "unusual" if one.unusual else "",
            f"{one.psi:.2f} (nothing changed: {one.psi_null:.2f})",
        )
        for one in found.features
    ]
    columns = ("feature", "distance in sigmas", "KS", "outside", "importance", "p", "", "PSI")
    output.table(columns, rows, empty=f"There is no diagnosis: {found.problem}.")
    if rows:
        compared = (
            f"The newest {found.n_bars} bars against {found.n_shifts} earlier windows (least p {found.least_p:.3f})."
        )
        output.note(f"{diagnosis.NOT_AN_ALARM} {compared}")


def _simulation_table(found: Simulation) -> None:
    rows = [_alarm_row(name, one) for name, one in (("bands alone", found.guide), ("with evidence", found.ours)) if one]
    falls = [f"noticed after {good} good bars" for good in simulator.GOOD_BARS]
    columns = ("rule", "false alarms a year", "years with one", *falls)
    output.table(columns, rows, empty=f"There is no simulation: {found.problem}.")
    if rows:
        whose = found.version or "every version of the key"
        output.note(
            f"{found.n_paths} years imitated from {found.n_outcomes} {_kinds(found.kinds)} outcomes of {whose}, "
            f"in blocks of {found.block_outcomes}; the fall is {100 * found.drop:.0f} points, noticed within a year, "
            "half of the time within so many days."
        )


def _alarm_row(name: str, one: Alarms) -> tuple[Any, ...]:
    falls = [f"{output.percent(fall.share_noticed)}, {_days(fall)}" for fall in one.falls]
    return (name, f"{one.false_alarms_a_year:.2f}", output.percent(one.share_of_years), *falls)


def _days(fall: Delay) -> str:
    return "more than a year" if fall.days_until_noticed is None else f"{fall.days_until_noticed:.0f} days"
