"""How far bars are apart is what their shorter distances say, in any order and however regular they are."""

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.market import spacing


@pytest.mark.parametrize("n_short", range(12))
@pytest.mark.parametrize("turned", [False, True])
def test_the_distance_is_the_lower_quartile_of_all_distances(n_short, turned):
    minutes = np.array([1] * n_short + [7, 5, 9, 11, 30, 2, 60, 8, 45, 6, 3][: 11 - n_short])
    times = pd.Timestamp("2024-01-02", tz="UTC") + pd.to_timedelta(np.r_[0, minutes.cumsum()], unit="min")
    expected = int(np.quantile(minutes * 60_000_000, 0.25))
    assert spacing.step(times[::-1] if turned else times).value // 1_000 == expected


def test_repeated_times_do_not_count_and_few_tell_nothing():
    times = pd.DatetimeIndex(["2024-01-02", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-08"], tz="UTC")
    assert spacing.step(times) == pd.Timedelta(days=1)
    assert spacing.step(times[:4]) is None
