"""What people tell lies over what files tell, adds to it, and never contradicts it."""

import pytest

from ensemble_desk.artifacts import descriptions
from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.errors import InvalidDescriptionError
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec

KEY = Key("AAPL", "d1")
THREE = {"member_classes": {"rf": ["DOWN", "FLAT", "UP"]}}
TWO = {"member_classes": {"rf": [0, 1], "gb": [0, 1]}}
MEANING = {"DOWN": "BEARISH", "FLAT": "NEUTRAL", "UP": "BULLISH"}


def effective(told, content):
    return descriptions.effective(told, content, key=KEY, version="20250121r02")


def test_horizon_and_threshold_make_the_label():
    found = effective(Description(horizon_bars=5, threshold=0.009), THREE)
    assert found == {"horizon": "1W", "label": LabelSpec(5, "fixed", fixed_threshold=0.009).to_dict()}
    found = effective(Description(horizon_bars=3, multiplier=0.7), THREE)
    assert found == {"horizon": "3 bars", "label": LabelSpec(3, multiplier=0.7).to_dict()}


def test_a_model_of_two_classes_is_scored_by_the_sign_of_the_move():
    assert effective(Description(horizon_bars=5), TWO)["label"] == LabelSpec(5, "fixed").to_dict()
    assert "label" not in effective(Description(horizon_bars=5), THREE)


def test_the_training_window_is_a_day_or_the_one_that_names_the_version():
    found = effective(Description(trained_from="2020-01-01", trained_until="version"), {})
    assert found == {"data_window": {"first_bar": "2020-01-01T00:00:00+00:00", "last_bar": "2025-01-21T00:00:00+00:00"}}
    hours = descriptions.effective(
        Description(trained_until="2025-01-20"), {}, key=Key("AAPL", "h1"), version="20250121"
    )
    assert hours["data_window"]["last_bar"] == "2025-01-20T23:59:59+00:00"


def test_what_the_file_tells_stays():
    own = {"config": {"horizon": 5, "threshold": 0.02}, "data_window": {"last_bar": "2024-12-31T00:00:00+00:00"}}
    told = Description(horizon_bars=5, threshold=0.009, trained_until="2025-01-20")
    assert effective(told, own) == {}
    laid = descriptions.lay_over({"label": {"own": 1}, "models": {}}, {"label": {"told": 1}, "feature_set": "ours"})
    assert laid == {"label": {"own": 1}, "models": {}, "feature_set": "ours"}


@pytest.mark.parametrize(
    ("told", "content", "problem"),
    [
        (Description(horizon_bars=1), {"config": {"horizon": 5, "threshold": 0.01}}, "the horizon is 1W, not 1 bars"),
        (Description(threshold=0.02), {"config": {"horizon": 5, "threshold": 0.01}}, "another threshold"),
        (Description(classes=MEANING), {"schema_version": 1}, "says what its classes are"),
        (Description(classes={"A": "BEARISH", "B": "BULLISH"}), THREE, "has the classes DOWN, FLAT, UP"),
        (
            Description(classes=MEANING | {"DOWN": "BEARISH"}),
            {"member_classes": {"rf": ["DOWN", "UP"]}},
            "no class FLAT",
        ),
        (
            Description(classes={"BEARISH": "BULLISH", "BULLISH": "BEARISH"}),
            {"member_classes": {"rf": ["BEARISH", "BULLISH"]}},
            "names its class BEARISH, which is not BULLISH",
        ),
        (Description(trained_until="2025-01-01"), {"data_window": {"last_bar": "2024-12-31T00:00:00"}}, "2024-12-31"),
    ],
)
def test_contradictions_are_named(told, content, problem):
    assert problem in "; ".join(descriptions.contradictions(told, content, key=KEY))


def test_the_same_again_is_no_contradiction():
    own = {"config": {"horizon": 5, "threshold": 0.01}} | THREE
    assert descriptions.contradictions(Description(horizon_bars=5, threshold=0.01, classes=MEANING), own, key=KEY) == ()


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"horizon_bars": 0},
        {"horizon_bars": 10_001},
        {"threshold": -0.1},
        {"threshold": 1.0},
        {"threshold": float("nan")},
        {"multiplier": 0.0},
        {"threshold": 0.1, "multiplier": 0.5},
        {"classes": {"UP": "HIGHER", "DOWN": "BEARISH"}},
        {"classes": {"UP": "BULLISH", "DOWN": "BULLISH"}},
        {"classes": {"UP": "BULLISH"}},
        {"trained_until": "yesterday"},
    ],
)
def test_what_describes_nothing_is_refused(told):
    with pytest.raises(InvalidDescriptionError, match="Nothing was kept"):
        Description(**told)


def test_what_is_told_later_counts_and_a_multiplier_takes_the_place_of_a_threshold():
    first = Description(horizon_bars=5, threshold=0.009, features="ours")
    assert Description(multiplier=0.5).over(first) == Description(horizon_bars=5, multiplier=0.5, features="ours")
    assert Description(horizon_bars=1).over(first).threshold == 0.009
