"""The application on a copy of trained versions, asked without a network."""

import shutil
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from ensemble_desk.registry import actors, opening
from ensemble_desk.registry.access import tokens
from ensemble_desk.registry.actors import Role
from ensemble_desk.service import application
from ensemble_desk.settings import Settings


@pytest.fixture
def settings(trained_folder, tmp_path):
    folder = shutil.copytree(trained_folder, tmp_path / "models")
    yield (found := Settings(models_url=str(folder)))
    opening.close_shared(found)


@pytest.fixture
def client(settings):
    with TestClient(application.build(settings), raise_server_exceptions=False) as asked:
        yield asked


@pytest.fixture
def token(settings):
    """Makes the header of a token with a role."""

    def make(role: Role, name: str = "job", lasts: timedelta = timedelta(days=1)) -> dict[str, str]:
        with opening.open_registry(settings) as registry:
            end = registry.clock() + lasts
            secret = tokens.create(registry, name, role=role, expires_at=end, actor=actors.local(settings))
        return {"Authorization": f"Bearer {secret}"}

    return make
