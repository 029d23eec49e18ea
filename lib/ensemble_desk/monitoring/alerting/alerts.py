"""What people must hear of: drift, failed runs and forecasts, rollbacks, tampered, unfit and expired versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from ensemble_desk.errors.base import listed
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.forecasting import failures
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.drift import FleetDrift
from ensemble_desk.monitoring.evidence import lacks
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry import ages
from ensemble_desk.registry.entities import Action, State, VersionRecord
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.training import runs

_MOST_MOVES = 1_000
_MOST_TAMPERED = 100
_MOST_UNFIT = 500


class Subject(StrEnum):
    """What an alert is about."""

    DRIFT = "drift"
    FAILED_RUN = "failed run"
    ROLLBACK = "rollback"
    TAMPERED = "tampered"
    UNFIT = "unfit"
    FAILED_FORECAST = "failed forecast"
    EXPIRED = "expired"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is so now and that people must hear of once.

    Attributes
    ----------
    topic : what it is about; a topic has one alert at a time.
    fingerprint : changes when there is something new to hear about the topic.
    link : page of the dashboard that shows it.
    """

    subject: Subject
    topic: str
    fingerprint: str
    title: str
    text: str
    link: str

    @property
    def message(self) -> str:
        return f"{self.title}\n{self.text}\n{self.link}"


def due(registry: Registry, *, fleet: FleetDrift | None = None) -> tuple[Alert, ...]:
    """Give every alert that stands now, whether or not it was sent; ``fleet`` saves computing drift again.

    Raises
    ------
    DatabaseError
    """
    fleet = fleet or drift.fleet(registry)
    found = [*map(_about_drift, fleet.alerts), *_failed_runs(registry), *_rollbacks(registry), *_tampered(registry)]
    found += [*_unfit(registry), *_failed_forecasts(registry), *_expired(registry), *_unmeasured(fleet)]
    base = registry.settings.page_url.rstrip("/")
    return tuple(
        Alert(one.subject, one.topic, one.fingerprint, one.title, one.text, f"{base}/{one.link}") for one in found
    )


def written(estimate: AccuracyEstimate) -> str:
    """Write an accuracy as people read it: value, interval and n."""
    low, high = round(100 * estimate.low), round(100 * estimate.high)
    return f"{100 * estimate.value:.0f} % [{low}–{high}], n {estimate.n}"


def _about_drift(one: DriftState) -> Alert:
    assert one.baseline is not None  # noqa: S101 - drift is only confirmed against a validated accuracy
    kinds = " and ".join(kind.value for kind in one.kinds)
    since = f" since about {one.since:%Y-%m-%d}" if one.since else ""
    told = (
        f"Version {one.version}: accuracy of {kinds} forecasts{since} {written(one.live)}, "
        f"validated {written(one.baseline)}; e-value {one.e_value:.3g}, which stands across the fleet. "
        f"Recommended: {one.recommendation.value.replace('_', ' ')}."
    )
    return Alert(
        Subject.DRIFT,
        f"{Subject.DRIFT} {one.key}",
        f"{one.version} {one.band} {kinds}",
        f"{one.key}: {one.band}, confirmed",
        told,
        _page("drift", one.key),
    )


def _failed_runs(registry: Registry) -> Iterator[Alert]:
    for run in runs.latest(registry.database):
        if run.status == runs.FAILED:
            yield Alert(
                Subject.FAILED_RUN,
                f"{Subject.FAILED_RUN} {run.key}",
                str(run.id),
                f"{run.key}: the last training failed",
                run.error_message or "It left no error message.",
                "training_runs",
            )


def _rollbacks(registry: Registry) -> Iterator[Alert]:
    """Keys that serve what somebody rolled back to: the newest move of each tells."""
    seen: set[Key] = set()
    for move in history.deployments(registry, limit=_MOST_MOVES):
        if not move.has_moved or move.key in seen:
            continue
        seen.add(move.key)
        if move.action is Action.ROLLBACK:
            yield Alert(
                Subject.ROLLBACK,
                f"{Subject.ROLLBACK} {move.key}",
                str(move.id),
                f"{move.key}: rolled back to {move.to_version}",
                f"{move.actor} rolled back from {move.from_version} on {move.at:%Y-%m-%d %H:%M} UTC: {move.reason}",
                _page("rollback", move.key),
            )


def _tampered(registry: Registry) -> Iterator[Alert]:
    for record in versions.listing(registry, state=State.TAMPERED, limit=_MOST_TAMPERED).rows:
        yield Alert(
            Subject.TAMPERED,
            f"{Subject.TAMPERED} {record.key} {record.version}",
            record.problem,
            f"{record.key}: {record.file_name} was tampered with",
            f"{record.problem} It is refused everywhere; restore the file or roll back.",
            _page("versions", record.key),
        )


def _unfit(registry: Registry) -> Iterator[Alert]:
    """Keys whose newest version came to be live and could not; one older than what serves needs nobody's attention."""
    serving = {one.key: one.version for one in production.fleet(registry)}
    newest: dict[Key, list[VersionRecord]] = {}
    for record in versions.listing(registry, state=State.UNFIT, order="version", limit=_MOST_UNFIT).rows:
        if record.version > (serving.get(record.key) or ""):
            newest.setdefault(record.key, []).append(record)
    for key, found in sorted(newest.items()):
        first, live = found[0], serving.get(key)
        others = f" So {'is' if len(found) == 2 else 'are'} {len(found) - 1} before it." if len(found) > 1 else ""  # noqa: PLR2004
        goes_on = f"{live} goes on serving." if live else "Nothing serves this key."
        yield Alert(
            Subject.UNFIT,
            f"{Subject.UNFIT} {key}",
            f"{first.version} {first.problem}",
            f"{key}: {first.file_name} is unfit and did not go live",
            f"{goes_on} {first.problem.rstrip('.')}.{others} Once that is mended, run: desk registry sync",
            _page("versions", key),
        )


def _failed_forecasts(registry: Registry) -> Iterator[Alert]:
    for failed in failures.standing(registry.database):
        yield Alert(
            Subject.FAILED_FORECAST,
            f"{Subject.FAILED_FORECAST} {failed.key}",
            f"{failed.version} {failed.problem}",
            f"{failed.key}: {failed.version} is live and could not forecast",
            f"At {failed.at:%Y-%m-%d %H:%M} UTC: {failed.problem}",
            _page("predict", failed.key),
        )


def _expired(registry: Registry) -> Iterator[Alert]:
    """Versions in production that are older than the settings allow."""
    now, settings = registry.clock(), registry.settings
    for one in production.fleet(registry):
        if one.version is None or not ages.is_expired(settings, one.key, one.version, now=now):
            continue
        refused = "the loader refuses it" if settings.expired == "refuse" else "it goes on serving"
        yield Alert(
            Subject.EXPIRED,
            f"{Subject.EXPIRED} {one.key}",
            one.version,
            f"{one.key}: {one.version} has expired",
            f"DESK_MAX_AGE allows {ages.limit(settings, one.key.timeframe)}; {refused}. Train a newer one: "
            f"desk train --symbol '{one.key.symbol}' --timeframe {one.key.timeframe}",
            _page("versions", one.key),
        )


def _unmeasured(fleet: FleetDrift) -> Iterator[Alert]:
    """One alert for all keys that lack the same thing; those that only lack outcomes yet will have them in time."""
    lacking = [one for one in fleet.unmeasured if one.problem in (lacks.NO_LABEL, lacks.NO_ACCURACY)]
    unlike = {one.problem: one for one in reversed(lacking)}
    for problem, first in sorted(unlike.items()):
        keys = [str(one.key) for one in lacking if one.problem == problem]
        yield Alert(
            Subject.NOT_MEASURED,
            f"{Subject.NOT_MEASURED} {problem}",
            " ".join(keys),
            f"{len(keys)} key{'s are' if len(keys) != 1 else ' is'} not measured: {problem}",
            f"{listed(keys)}. Of {first.key}, run: {first.remedy}",
            _page("drift", first.key),
        )


def _page(name: str, key: Key) -> str:
    return f"{name}?{urlencode({'key': str(key)})}"
