"""What people must hear of: confirmed drift, a failed run, a rollback, a tampered artifact."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.drift import FleetDrift
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import Action, State
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history
from ensemble_desk.registry.opening import Registry
from ensemble_desk.training import runs

_MOST_MOVES = 1_000
_MOST_TAMPERED = 100


class Subject(StrEnum):
    """What an alert is about."""

    DRIFT = "drift"
    FAILED_RUN = "failed run"
    ROLLBACK = "rollback"
    TAMPERED = "tampered"


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
    drifting = (fleet or drift.fleet(registry)).alerts
    found = [*map(_about_drift, drifting), *_failed_runs(registry), *_rollbacks(registry), *_tampered(registry)]
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
        if move.outcome != "moved" or move.key in seen:
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


def _page(name: str, key: Key) -> str:
    return f"{name}?{urlencode({'key': str(key)})}"
