"""The best of several is worth less than it shows; shrunken it is worth about what it says."""

import numpy as np
import pytest

from ensemble_desk.evaluation import shrinkage


@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_the_best_of_eight_is_worth_what_its_shrunken_value_says(spread):
    generator, shown, told, worth = np.random.default_rng(3), [], [], []
    for _ in range(3_000):
        truth = 0.45 + spread * generator.standard_normal(8)
        seen = generator.binomial(400, truth) / 400
        best = int(seen.argmax())
        shown.append(seen[best])
        told.append(shrinkage.shrunken(seen.tolist(), (seen * (1 - seen) / 400).tolist())[best])
        worth.append(truth[best])
    assert np.mean(shown) - np.mean(worth) > 0.01
    assert abs(np.mean(told) - np.mean(worth)) < 0.012


def test_one_alone_stays_as_it_is_and_none_are_none():
    assert shrinkage.shrunken([0.5], [0.001]) == (0.5,)
    assert shrinkage.shrunken([], []) == ()


def test_equal_ones_stay_where_they_are():
    assert shrinkage.shrunken([0.4] * 5, [0.001] * 5) == pytest.approx((0.4,) * 5)
