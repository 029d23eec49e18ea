"""Probes and metrics: alive, ready or what is wrong, and numbers that a scrape reads."""

import shutil
import threading

from prometheus_client.parser import text_string_to_metric_families

from ensemble_desk.service import probes


def test_alive_and_ready(client):
    assert client.get("/livez").json() == {"alive": True}
    assert client.get("/readyz").json() == {"ready": True, "checks": {"database": "", "models": ""}}


def test_a_folder_that_is_gone_is_named(client, settings):
    assert client.get("/readyz").status_code == 200
    shutil.rmtree(settings.models_folder)
    told = client.get("/readyz")
    assert told.status_code == 503
    assert client.get("/livez").status_code == 200


def test_a_database_that_hangs_is_told_in_time(client, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(probes, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setitem(probes._CHECKS, "database", lambda _registry: str(released.wait(30)))
    told = client.get("/readyz")
    released.set()
    assert (told.status_code, told.json()["checks"]["database"]) == (503, "no answer within 0.1 seconds")


def test_metrics_are_read_by_a_scraper(client):
    text = client.get("/metrics").text
    found = {sample.name: sample for family in text_string_to_metric_families(text) for sample in family.samples}
    assert found["desk_moves_total"].value == 7
    assert found["desk_forecasts_total"].value == 0
    assert found["desk_key_served"].value == 1
