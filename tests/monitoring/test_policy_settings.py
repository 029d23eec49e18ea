"""Bands, window and channels are what the environment says, or an error that names the variable."""

import pytest

from ensemble_desk import settings
from ensemble_desk.errors import SettingsError
from ensemble_desk.monitoring.evidence import bands
from ensemble_desk.monitoring.evidence.bands import Policy


def test_the_default_policy_is_the_guides():
    assert bands.policy(settings.Settings()) == Policy()


def test_the_policy_follows_the_environment(monkeypatch):
    monkeypatch.setenv("DESK_DRIFT_POINTS", "3, 10,20")
    monkeypatch.setenv("DESK_DRIFT_LEAST_PREDICTIONS", "7")
    monkeypatch.setenv("DESK_DRIFT_WINDOW", "40")
    found = bands.policy(settings.load())
    assert (found.monitor_points, found.drift_points, found.emergency_points) == (3, 10, 20)
    assert (found.least_predictions, found.window(5)) == (7, 200)


def test_channels_are_parted_by_spaces_and_never_printed(monkeypatch):
    monkeypatch.setenv("DESK_ALERT_URLS", "mailto://me:hunter2@example.com?to=a,b  json://localhost")
    found = settings.load()
    assert found.alert_urls == ("mailto://me:hunter2@example.com?to=a,b", "json://localhost")
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DESK_DRIFT_POINTS", "5,15"),
        ("DESK_DRIFT_POINTS", "15,5,25"),
        ("DESK_DRIFT_POINTS", "5,5,25"),
        ("DESK_DRIFT_POINTS", "a,b,c"),
        ("DESK_DRIFT_WINDOW", "5"),
        ("DESK_DRIFT_LEAST_PREDICTIONS", "0"),
        ("DESK_ALERT_URLS", "somewhere"),
    ],
)
def test_nonsense_is_an_error_that_names_the_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        settings.load()


def test_a_mistake_in_the_channels_tells_no_password(monkeypatch):
    monkeypatch.setenv("DESK_ALERT_URLS", "slack://hunter2@a nonsense")
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"
