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
