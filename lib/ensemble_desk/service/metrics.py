"""Metrics for Prometheus, read from the database when they are asked for, and kept for some seconds."""

import threading
import time
from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ensemble_desk.forecasting import log, outcomes
from ensemble_desk.monitoring import newest_days
from ensemble_desk.registry.entities import Production
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.training import runs

_KEPT_SECONDS = 15.0

router = APIRouter(tags=["probes"])


class DeskCollector(Collector):
    """What the registry, the log and the runs tell, as metrics; each scrape asks bounded questions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        registry = self._registry
        yield _counter("desk_moves", "Rows of history: moves and refused attempts.", history.newest_id(registry))
        yield _counter("desk_forecasts", "Forecasts ever logged.", log.newest_id(registry.database))
        yield _counter("desk_outcomes", "Outcomes ever recorded.", outcomes.newest_id(registry.database))
        yield _gauge("desk_runs_under_way", "Trainings under way.", len(runs.under_way(registry.database)))
        yield _gauge("desk_runs_failing", "Keys whose newest training failed.", runs.n_failing(registry.database))
        yield _gauge("desk_cache_bytes", "Memory of loaded versions in this process.", registry.cache.size_bytes)
        yield from _fleet(production.fleet(registry))
        yield from _drift(registry)


def _fleet(found: tuple[Production, ...]) -> Iterator[Metric]:
    served = GaugeMetricFamily("desk_key_served", "1 when a version serves the key.", labels=("symbol", "timeframe"))
    revision = GaugeMetricFamily("desk_key_revision", "Revision of production.", labels=("symbol", "timeframe"))
    for one in found:
        served.add_metric((one.key.symbol, one.key.timeframe), float(one.version is not None))
        revision.add_metric((one.key.symbol, one.key.timeframe), float(one.revision))
    yield served
    yield revision


def _drift(registry: Registry) -> Iterator[Metric]:
    names = ("symbol", "timeframe")
    accuracy = GaugeMetricFamily("desk_key_accuracy", "Accuracy of the newest day that was checked.", labels=names)
    drifted = GaugeMetricFamily("desk_key_drift", "1 when that day's check found drift.", labels=names)
    for one in newest_days.read(registry):
        if one.accuracy is not None:
            accuracy.add_metric((one.key.symbol, one.key.timeframe), one.accuracy)
        drifted.add_metric((one.key.symbol, one.key.timeframe), float(one.drift_detected))
    yield accuracy
    yield drifted


def _counter(name: str, told: str, value: float) -> Metric:
    found = CounterMetricFamily(name, told)
    found.add_metric((), value)
    return found


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


class Scrape:
    """The text of the metrics, made at most every fifteen seconds however often it is asked for."""

    def __init__(self) -> None:
        self._lock, self._text, self._until = threading.Lock(), b"", 0.0

    def text(self, registry: Registry) -> bytes:
        with self._lock:
            if time.monotonic() >= self._until:
                collected = CollectorRegistry(auto_describe=False)
                collected.register(DeskCollector(registry))
                self._text, self._until = generate_latest(collected), time.monotonic() + _KEPT_SECONDS
            return self._text


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
def metrics(request: Request) -> Response:
    scrape: Scrape = request.app.state.scrape
    return Response(scrape.text(request.app.state.registry()), media_type=CONTENT_TYPE_LATEST)
