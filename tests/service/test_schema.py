"""Requests made from the API's own schema, sound and broken ones: never a fault of the server, always the form told."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from ensemble_desk.registry import actors, opening
from ensemble_desk.registry.access import tokens
from ensemble_desk.registry.actors import Role
from ensemble_desk.service import application
from ensemble_desk.settings import Settings

SCHEMA = schemathesis.openapi.from_dict(application.build(Settings()).openapi())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


def test_the_schema_is_openapi_3_1(client):
    told = client.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert all(path.startswith((application.API, "/livez", "/readyz", "/metrics")) for path in told["paths"])


@pytest.fixture(scope="module")
def server(trained_folder, tmp_path_factory):
    """The command ``desk serve-api`` on a copy of trained versions; its address, and the header of a token."""
    folder = shutil.copytree(trained_folder, tmp_path_factory.mktemp("service") / "models")
    chosen = Settings(models_url=str(folder))
    with opening.open_registry(chosen) as registry:
        end = registry.clock() + timedelta(days=1)
        secret = tokens.create(registry, "job", role=Role.OPERATOR, expires_at=end, actor=actors.local(chosen))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ensemble_desk", "serve-api", "--port", str(port)]
    environment = os.environ | {"DESK_MODELS_URL": str(folder), "DESK_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(command, env=environment)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/livez", timeout=1):  # noqa: S310 - loopback
            break
        time.sleep(0.2)
    yield url, {"Authorization": f"Bearer {secret}"}
    process.terminate()
    process.wait(timeout=20)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_whatever_is_sent_is_answered_in_the_form_told(operation, server):
    url, headers = server

    @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def check(case):
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS)

    check()
