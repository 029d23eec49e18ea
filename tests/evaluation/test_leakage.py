"""Scores that are too good are marked, honest ones are not."""

import numpy as np

from ensemble_desk.evaluation import intervals, leakage


def test_an_honest_score_has_no_marks():
    honest = intervals.wilson(0.45, 600, horizon_bars=1)
    twin = intervals.wilson(0.41, 600, horizon_bars=1)
    assert leakage.marks(honest, majority=0.42, twin=twin) == ()


def test_a_lead_of_ten_points_at_the_lower_bound_is_suspected():
    suspicious = intervals.wilson(0.62, 600, horizon_bars=1)
    (mark,) = leakage.marks(suspicious, majority=0.42)
    assert "leakage suspected" in mark
    # the same share of the same rows proves nothing when five bars overlap
    assert leakage.marks(intervals.wilson(0.62, 200, horizon_bars=5), majority=0.42) == ()


def test_a_twin_that_learns_from_shuffled_labels_is_suspected():
    honest = intervals.wilson(0.45, 600, horizon_bars=1)
    (mark,) = leakage.marks(honest, majority=0.42, twin=intervals.wilson(0.5, 600, horizon_bars=1))
    assert "shuffled" in mark
    assert leakage.marks(honest, majority=0.42, twin=intervals.wilson(0.5, 600, horizon_bars=1), twin_chance=0.48) == ()


def test_shuffling_keeps_the_counts_and_follows_its_seed():
    y = np.repeat([0, 1, 2], [10, 30, 20])
    twin = leakage.shuffled(y, seed=3)
    assert np.bincount(twin).tolist() == [10, 30, 20]
    assert not np.array_equal(twin, y)
    assert np.array_equal(twin, leakage.shuffled(y, seed=3))
    assert not np.array_equal(twin, leakage.shuffled(y, seed=4))
