"""Sending alerts where DESK_ALERT_URLS says; a channel that fails or hangs holds nothing up."""

import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ensemble_desk.errors import LedgerBehindError, LedgerError, RegistryOlderError, extras
from ensemble_desk.monitoring.alerting import alert_log, sent
from ensemble_desk.monitoring.alerting.alerts import Alert
from ensemble_desk.registry.opening import Registry

PATIENCE_SECONDS = 20.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one channel was told.

    Attributes
    ----------
    channel : kind and number of the channel, such as ``slack 1``; its URL may hold a password and is never told.
    alerts : those that are new to it; with a dry run those that would be.
    problem : why they could not be sent ('' when they were); the next run tries again.
    """

    channel: str
    alerts: tuple[Alert, ...]
    problem: str = ""


@dataclass(slots=True)
class _Sending:
    """One channel being told, in a thread of its own that dies with the program."""

    url: str
    alerts: tuple[Alert, ...]
    told: bool = False

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        with extras.needed():
            import apprise

        try:
            channel = apprise.Apprise()
            self.told = bool(channel.add(self.url)) and bool(
                channel.notify(title=title(self.alerts), body=body(self.alerts))
            )
        except Exception:  # noqa: BLE001 - whatever a channel's plugin raises must end in "not told", not in the job
            _log.warning(
                "A channel for alerts broke (%s)", self.url.partition("://")[0]
            )  # its error may tell its address


def send(registry: Registry, alerts: Sequence[Alert], *, dry_run: bool = False) -> tuple[Delivery, ...]:
    """Tell every channel the alerts that are new to it, in one message each, and keep which came and went.

    A dry run tells nobody and keeps nothing.

    Raises
    ------
    DatabaseError
    """
    urls = registry.settings.alert_urls
    if dry_run:
        return tuple(Delivery(_name(url, at), _new(registry, url, alerts)) for at, url in enumerate(urls, start=1))
    try:
        alert_log.record(registry, alerts)
    except (LedgerError, RegistryOlderError, LedgerBehindError) as error:  # people are told all the same
        _log.warning("Which alerts came and went could not be kept: %s", error)
    sent.forget(registry.database, standing=[alert.topic for alert in alerts])
    under_way = [_Sending(url, _claimed(registry, url, alerts)) for url in urls]
    threads = [(one, one.start()) for one in under_way if one.alerts]
    deadline = time.monotonic() + PATIENCE_SECONDS
    for _, thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    for one, _ in threads:
        topics = [alert.topic for alert in one.alerts]
        sent.settle(registry.database, topics=topics, channel=_digest(one.url), told=one.told, at=registry.clock())
    return tuple(
        Delivery(_name(one.url, at), one.alerts, "" if one.told or not one.alerts else "it could not be reached")
        for at, one in enumerate(under_way, start=1)
    )


def title(alerts: Sequence[Alert]) -> str:
    return alerts[0].title if len(alerts) == 1 else f"{len(alerts)} alerts"


def body(alerts: Sequence[Alert]) -> str:
    if len(alerts) == 1:
        return f"{alerts[0].text}\n{alerts[0].link}"
    return "\n\n".join(alert.message for alert in alerts)


def _claimed(registry: Registry, url: str, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple(
        alert
        for alert in alerts
        if sent.claim(
            registry.database,
            topic=alert.topic,
            channel=_digest(url),
            fingerprint=alert.fingerprint,
            at=registry.clock(),
        )
    )


def _new(registry: Registry, url: str, alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple(
        alert
        for alert in alerts
        if sent.is_new(registry.database, topic=alert.topic, channel=_digest(url), fingerprint=alert.fingerprint)
    )


def _name(url: str, number: int) -> str:
    return f"{url.partition('://')[0]} {number}"


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:32]
