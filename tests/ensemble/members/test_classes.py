"""Class labels of foreign estimators are translated or refused, never guessed."""

import numpy as np
import pytest

from ensemble_desk.ensemble.members.classes import class_numbers
from ensemble_desk.errors import IncompatibleArtifactError


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        (np.array(["BEARISH", "BULLISH", "NEUTRAL"]), (0, 2, 1)),
        (np.array(["bearish", " Bullish"], dtype=object), (0, 2)),
        (np.array([0, 1, 2]), (0, 1, 2)),
        (np.array([0.0, 2.0]), (0, 2)),
        (np.array([-1, 0, 1]), (0, 1, 2)),
        (np.array([-1, 1]), (0, 2)),
        (np.array(["UP", "DOWN"]), (2, 0)),
        (["down", "up"], (0, 2)),
        (np.array([False, True]), (0, 2)),
        ([True, False], (2, 0)),
    ],
)
def test_known_conventions(labels, numbers):
    assert class_numbers("rf", labels) == numbers


@pytest.mark.parametrize(
    "labels",
    [
        np.array([0, 1]),  # bearish and neutral, neutral and bullish, or down and up
        np.array([1]),
        np.array([1, 2]),  # neutral and bullish, or down and up
        np.array([-1, 2]),
        np.array([0, 1, 2, 3]),
        np.array([0.5, 1.0, 2.0]),
        np.array([np.nan, 1.0, 2.0]),
        [True],
        [True, 2],
        np.array(["UP", "DOWN", "FLAT"]),
        np.array(["UP", "BEARISH"]),
        np.array(["BULLISH", "bullish"]),
        ["BEARISH", 1],
        [],
        [None],
    ],
)
def test_anything_else_is_refused(labels):
    with pytest.raises(IncompatibleArtifactError, match="rf"):
        class_numbers("rf", labels)


def test_our_own_versions_are_known_to_hold_class_numbers():
    assert class_numbers("rf", np.array([0, 1]), numbered=True) == (0, 1)
    assert class_numbers("rf", np.array([1]), numbered=True) == (1,)


def test_what_a_person_told_of_the_classes_counts_and_nothing_else():
    meaning = {"DOWN": "BEARISH", "FLAT": "NEUTRAL", "UP": "BULLISH"}
    assert class_numbers("rf", np.array(["FLAT", "up", "Down"]), meaning=meaning) == (1, 2, 0)
    assert class_numbers("rf", np.array([0, 1]), meaning={"0": "BEARISH", "1": "BULLISH"}) == (0, 2)
    assert class_numbers("rf", np.array([0.0, 1.0]), meaning={"0": "BULLISH", "1": "BEARISH"}) == (2, 0)
    assert class_numbers("rf", [False, True], meaning={"FALSE": "BULLISH", "TRUE": "BEARISH"}) == (2, 0)


def test_a_class_that_nobody_told_is_refused_with_the_way_to_tell_it():
    with pytest.raises(IncompatibleArtifactError, match="--classes FLAT=…,UP=…"):
        class_numbers("rf", np.array(["FLAT", "UP"]), meaning={"UP": "BULLISH", "DOWN": "BEARISH"})
