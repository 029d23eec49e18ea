"""Weights of cut recursions are averages, and equal the recursion they stand for."""

import numpy as np
import pytest

from ensemble_desk.market import windows


def recursion(values, period, share):
    average = values[:period].mean()
    for value in values[period:]:
        average += share * (value - average)
    return average


@pytest.mark.parametrize("length", [14, 15, 99])
def test_wilder_weights_equal_the_recursion_and_sum_to_one(length):
    values = np.random.default_rng(1).normal(size=length)
    weights = windows.wilder_weights(14, length)
    assert weights.sum() == pytest.approx(1)
    assert values @ weights == pytest.approx(recursion(values, 14, 1 / 14), abs=1e-14)


@pytest.mark.parametrize("length", [9, 10, 100])
def test_exponential_weights_equal_the_recursion_and_sum_to_one(length):
    values = np.random.default_rng(2).normal(size=length)
    weights = windows.ema_weights(9, length)
    assert weights.sum() == pytest.approx(1)
    assert values @ weights == pytest.approx(recursion(values, 9, 0.2), abs=1e-14)


def test_macd_of_a_constant_is_zero_and_shared_weights_cannot_be_changed():
    line, signal = windows.macd_weights(12, 26, 9, 100)
    assert (line.sum(), signal.sum()) == pytest.approx((0, 0), abs=1e-14)
    for weights in (line, signal, windows.ema_weights(9, 100), windows.wilder_weights(14, 99)):
        with pytest.raises(ValueError, match="read-only"):
            weights[0] = 1.0


def test_trailing_windows_end_at_the_last_values():
    found = windows.trailing(np.arange(6.0), 3, rows=2)
    assert found.tolist() == [[2.0, 3.0, 4.0], [3.0, 4.0, 5.0]]
