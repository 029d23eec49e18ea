"""Settings come from the environment, by one rule for all of them, and what the code gives itself counts more."""

import pytest
from pydantic import ValidationError

from ensemble_desk import settings
from ensemble_desk.errors import SettingsError
from ensemble_desk.settings import Settings


def test_the_environment_fills_in_what_is_not_given(monkeypatch):
    monkeypatch.setenv("DESK_JOBS", "3")
    monkeypatch.setenv("DESK_CACHE_MB", "12.5")
    monkeypatch.setenv("desk_actor", "ann")
    monkeypatch.setenv("DESK_ROLES", "ann=admin, bob=viewer")
    found = Settings(jobs=2)
    assert (found.jobs, found.cache_mb, found.actor) == (2, 12.5, "ann")
    assert found.roles == {"ann": "admin", "bob": "viewer"}


def test_a_variable_set_to_nothing_and_one_of_others_count_as_not_set(monkeypatch):
    monkeypatch.setenv("DESK_JOBS", "")
    monkeypatch.setenv("DESK_NO_SUCH_SETTING", "1")
    monkeypatch.setenv("JOBS", "5")
    assert settings.load().jobs == 0


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        Settings().jobs = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("DESK_JOBS", "many"), ("DESK_JOBS", "-1"), ("DESK_CACHE_MB", "0"), ("DESK_BARS_SOURCE", "moon")],
)
def test_a_value_that_cannot_be_used_is_told_with_its_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"{name}.*{value}"):
        settings.load()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://key:secret-123456@models/desk", "credentials belong into the environment"),
        ("s3://models?secret_access_key=secret-123456", "credentials belong into the environment"),
        ("s3://", "credentials belong into the environment"),
        ("ftp://models/desk", "no other place"),
    ],
)
def test_an_address_of_a_bucket_is_plain(monkeypatch, url, said):
    monkeypatch.setenv("DESK_DATABASE_URL", "sqlite:///registry.db")
    monkeypatch.setenv("DESK_MODELS_URL", url)
    with pytest.raises(SettingsError, match=said) as caught:
        settings.load()
    assert "secret-123456" not in str(caught.value)


def test_a_bucket_takes_a_database_and_a_shared_ledger(monkeypatch, tmp_path):
    monkeypatch.setenv("DESK_MODELS_URL", "s3://models/desk/")
    monkeypatch.setenv("DESK_MODELS_CACHE", str(tmp_path))
    monkeypatch.setenv("DESK_TOKEN", "very-secret-token")
    with pytest.raises(SettingsError, match=r"DESK_DATABASE_URL.*holds no database") as caught:
        settings.load()
    assert "very-secret-token" not in str(caught.value)
    monkeypatch.setenv("DESK_DATABASE_URL", "postgresql://desk:secret@host/desk")
    with pytest.raises(SettingsError, match="DESK_LEDGER_FILE"):
        settings.load()
    monkeypatch.setenv("DESK_LEDGER_FILE", str(tmp_path / "ledger.log"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key-of-the-bucket")
    found = settings.load()
    assert (found.bucket_url, found.models_folder) == ("s3://models/desk", tmp_path)
    assert "key-of-the-bucket" in found.secrets
    assert Settings(models_url=f"file://{tmp_path}").bucket_url == ""
