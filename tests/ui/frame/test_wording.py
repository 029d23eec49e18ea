from datetime import UTC, datetime, timedelta

import pytest

from ensemble_desk.evaluation.intervals import Mean
from ensemble_desk.ui.frame import wording
from ensemble_desk.ui.rollback import replay as replay_view

NOW = datetime(2012, 11, 30, 12, 0, tzinfo=UTC)


def test_an_accuracy_always_carries_what_belongs_to_it():
    told = wording.accuracy(0.432, low=0.331, high=0.54, n=250, baseline=0.391)
    assert told == "43 % [33–54], n 250, majority 39 %"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "43 %"),
        ({"n": 1250}, "43 %, n 1,250"),
        ({"low": 0.4, "high": None}, "43 %"),
        ({"low": 0.0, "high": 0.5, "baseline": 0.0}, "43 % [0–50], majority 0 %"),
    ],
)
def test_what_is_unknown_is_left_out(given, told):
    assert wording.accuracy(0.43, **given) == told


def test_an_unknown_accuracy_says_so():
    assert wording.accuracy(None, low=0.1, high=0.2, n=3, baseline=0.3) == "unknown"


@pytest.mark.parametrize(("n_eff", "firm"), [(None, False), (19.9, False), (20.0, True), (400.0, True)])
def test_twenty_independent_outcomes_make_it_firm(n_eff, firm):
    assert wording.is_firm(n_eff) is firm


def test_times_are_utc_and_local_on_hover():
    paris = datetime.fromisoformat("2012-11-30T13:00+01:00")
    assert wording.time(paris) == "2012-11-30 12:00 UTC"
    assert wording.local_time(NOW, "Europe/Paris") == "2012-11-30 13:00 in Europe/Paris"
    assert wording.local_time(NOW, "Nowhere/Land") == ""
    assert wording.local_time(NOW, None) == ""


@pytest.mark.parametrize(
    ("earlier", "told"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=30), "1 d ago"),
        (-timedelta(5), "just now"),
    ],
)
def test_ago(earlier, told):
    assert wording.ago(NOW - earlier, NOW) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.0314, "31 ms"), (1.26, "1.3 s"), (125.0, "2 min 5 s"), (None, "unknown")]
)
def test_durations(seconds, told):
    assert wording.duration(seconds) == told


def test_labels_in_words():
    label = {"horizon_bars": 5, "rule": "volatility", "multiplier": 0.5, "sigma_window": 20}
    label |= {"price": "close", "return_kind": "log", "fixed_threshold": 0.0}
    told = wording.label_in_words(label, timeframe="d1")
    assert "5 bars of 1 day" in told
    assert "0.5 × the trailing 20-bar volatility × √5" in told
    fixed = wording.label_in_words(label | {"rule": "fixed", "fixed_threshold": 0.01}, timeframe="d1")
    assert "± 1.00 %" in fixed
    assert wording.label_in_words(None, timeframe="d1") == "unknown"


def test_plain_text_is_not_read_as_markdown():
    assert wording.plain("![x](y) **b** :red[c]") == r"\!\[x\]\(y\) \*\*b\*\* \:red\[c\]"
    assert wording.plain("plain words, 3.5") == "plain words, 3.5"


@pytest.mark.parametrize(
    ("difference", "told"),
    [(0.123, "+12.3 points"), (-0.082, "−8.2 points"), (0.0, "0.0 points"), (-0.0004, "0.0 points")],
)
def test_nothing_has_no_sign(difference, told):
    assert wording.points(difference) == told


def test_a_paired_difference_has_its_interval_unless_no_bar_differs():
    assert replay_view.accuracy_difference(Mean(-0.02, -0.06, 0.02)) == "−2.0 points [−6.0, +2.0]"
    assert replay_view.accuracy_difference(Mean(0.0, -0.03, 0.03)) == "0.0 points [−3.0, +3.0]"
    assert replay_view.accuracy_difference(Mean(0.0, 0.0, 0.0)) == "none: both were right on the same bars"
