"""What a version aims at is what it tells; a horizon or label that nobody told is unknown, never the shortest one."""

import pytest

from ensemble_desk.market import aims
from ensemble_desk.market.aims import Aim
from ensemble_desk.market.labels import LabelSpec


def test_nothing_told_is_nothing_known():
    assert aims.of_content({}, timeframe="d1") == Aim(None, None, None)


@pytest.mark.parametrize(
    ("horizon", "name", "n_bars"), [(5, "1W", 5), ("5", "1W", 5), ("1W", "1W", 5), (7, "7 bars", 7)]
)
def test_a_config_with_horizon_and_threshold_is_read_by_itself(horizon, name, n_bars):
    found = aims.of_content({"config": {"horizon": horizon, "threshold": 0.009}}, timeframe="d1")
    assert found == Aim(name, n_bars, LabelSpec(n_bars, "fixed", fixed_threshold=0.009))


def test_a_horizon_without_a_threshold_names_the_horizon_and_no_label():
    assert aims.of_content({"config": {"horizon": 5}}, timeframe="d1") == Aim("1W", 5, None)
    assert aims.of_content({"horizon": 5}, timeframe="d1") == Aim("1W", 5, None)


@pytest.mark.parametrize(
    "config",
    [
        {"horizon": 0, "threshold": 0.01},
        {"horizon": True, "threshold": 0.01},
        {"horizon": "soon", "threshold": 0.01},
        {"horizon": 5.5, "threshold": 0.01},
        {"horizon": -3, "threshold": 0.01},
        {"threshold": 0.01},
        [5, 0.01],
    ],
)
def test_what_cannot_be_understood_counts_as_not_told(config):
    assert aims.of_content({"config": config}, timeframe="d1") == Aim()


@pytest.mark.parametrize("limit", ["0.01", True, None, -0.1, 1.5, float("nan")])
def test_a_threshold_that_is_none_gives_no_label(limit):
    assert aims.of_content({"config": {"horizon": 5, "threshold": limit}}, timeframe="d1").label is None


def test_our_own_versions_say_it_themselves():
    label = LabelSpec(1)
    told = {"label": label.to_dict(), "horizon": "1D", "config": {"horizon": 5, "threshold": 0.009}}
    assert aims.of_content(told, timeframe="d1") == Aim("1D", 1, label)


@pytest.mark.parametrize("stored", [{"horizon_bars": "5"}, {"horizon_bars": 5, "rule": "magic"}, {"odd": 1}, "1D", 5])
def test_a_label_that_is_none_is_not_taken_for_one(stored):
    assert aims.label_of(stored) is None


def test_a_trained_horizon_stands_among_those_of_the_timeframe():
    seven = Aim("7 bars", 7, LabelSpec(7))
    assert aims.horizons_beside(seven, timeframe="d1") == {"1D": 1, "1W": 5, "7 bars": 7, "1M": 21}
    assert aims.horizons_beside(Aim(), timeframe="d1") == {"1D": 1, "1W": 5, "1M": 21}


@pytest.mark.parametrize("threshold", [0.3, 0.55, 1.5, -0.01, "1%", {"up": 0.01}])
def test_a_threshold_that_may_be_a_share_of_votes_or_a_percentage_is_no_label(threshold):
    told = {"config": {"horizon": 5, "threshold": threshold}}
    assert aims.of_content(told, timeframe="d1") == Aim("1W", 5)
