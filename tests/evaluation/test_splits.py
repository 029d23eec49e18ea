"""Splits never let an outcome of the past reach into the future part."""

import numpy as np
import pytest

from ensemble_desk.errors import TooFewBarsError
from ensemble_desk.evaluation import splits
from ensemble_desk.evaluation.splits import PurgedWalkForward


@pytest.mark.parametrize("h", [1, 5, 21])
def test_between_train_and_holdout_lie_exactly_h_rows(h):
    split = splits.holdout(2_000, horizon_bars=h, timeframe="d1")
    assert split.train[0] == 0
    assert split.holdout[-1] == 1_999
    assert len(split.holdout) == 400
    assert split.gap.tolist() == list(range(split.train[-1] + 1, split.holdout[0]))
    assert len(split.gap) == h
    # the outcome of the last learnt row is known before the first held-out row
    assert split.train[-1] + h < split.holdout[0]


def test_a_short_history_keeps_120_rows_for_the_holdout_and_weekly_40():
    assert len(splits.holdout(400, horizon_bars=1, timeframe="d1").holdout) == 120
    assert len(splits.holdout(170, horizon_bars=1, timeframe="w1").holdout) == 40


@pytest.mark.parametrize(("n", "timeframe"), [(370, "d1"), (0, "d1"), (160, "w1"), (370, "m15")])
def test_too_few_rows_are_refused_with_a_number_that_is_enough(n, timeframe):
    with pytest.raises(TooFewBarsError) as refused:
        splits.holdout(n, horizon_bars=1, timeframe=timeframe)
    assert refused.value.have == n
    assert splits.holdout(refused.value.need, horizon_bars=1, timeframe=timeframe).train.size


@pytest.mark.parametrize("gap", [1, 5])
def test_folds_expand_leave_a_gap_and_cover_the_end_without_overlap(gap):
    n = 1_003
    folds = list(PurgedWalkForward(5, gap=gap).split(n))
    assert len(folds) == 5
    for train, test in folds:
        assert train[0] == 0
        assert test[0] - train[-1] == gap + 1
    tests = np.concatenate([test for _, test in folds])
    assert tests.tolist() == list(range(tests[0], n))
    assert [len(train) for train, _ in folds] == sorted(len(train) for train, _ in folds)
    assert len(folds[0][0]) >= n / 3 - gap


def test_folds_of_nothing_are_refused():
    with pytest.raises(TooFewBarsError):
        list(PurgedWalkForward(5, gap=5).split(8))
