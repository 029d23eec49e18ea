"""Baselines use only what was known when they would have spoken."""

import numpy as np
import pytest

from ensemble_desk.evaluation import baselines


def test_each_baseline_on_a_case_counted_by_hand():
    y_train = np.array([1, 1, 1, 0, 2, 1])
    found = baselines.baselines(y_train, np.array([1, 2, 2, 0]), horizon_bars=1, last_labels=np.array([1]))
    assert found["majority"]["accuracy"] == 0.25
    assert found["always_bullish"]["accuracy"] == 0.5
    assert found["persistence"]["accuracy"] == 0.5  # says 1, 1, 2, 2
    assert found["prior"]["accuracy"] == 0.25
    shares = np.array([1, 4, 1]) / 6
    assert found["prior"]["log_loss"] == pytest.approx(-np.log(shares[[1, 2, 2, 0]]).mean())
    assert baselines.published(found) == 0.25


def test_persistence_repeats_the_label_of_the_bar_h_bars_ago_not_of_the_last_one():
    y_holdout = np.array([2, 2, 2, 0, 0, 0])
    gap = np.array([0, 0, 0])
    found = baselines.baselines(np.array([1, 0]), y_holdout, horizon_bars=3, last_labels=gap)
    # three bars ago: 0 0 0 2 2 2, never right; the bar before would have been right four times, but is not known yet
    assert found["persistence"]["accuracy"] == 0
    only_newest = baselines.baselines(np.array([1, 0]), y_holdout, horizon_bars=1, last_labels=gap)
    assert only_newest["persistence"]["accuracy"] == pytest.approx(4 / 6)
