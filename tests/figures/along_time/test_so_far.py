import numpy as np

from ensemble_desk.figures.along_time import so_far
from ensemble_desk.monitoring.so_far import SoFar


def found(n):
    times = np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(1, "D")
    share = np.full(n, 0.4)
    width = 0.4 / np.sqrt(np.arange(1, n + 1))
    return SoFar(times, share, share - width, share + width, share + 0.05, np.arange(1.0, n + 1))


def test_it_stands_beside_what_was_validated_and_promised():
    made = so_far.chart(found(90), validated=0.44, majority=0.41)
    assert [trace.name for trace in made.data if trace.name] == [
        "Accuracy so far", "Promised so far", "Validated", "Majority baseline",
    ]  # fmt: skip


def test_the_first_outcomes_do_not_take_all_of_the_height():
    low, high = so_far.chart(found(900), validated=None, majority=None).layout.yaxis.range
    assert high - low < 45


def test_nothing_is_an_empty_chart():
    assert so_far.chart(found(0), validated=0.4, majority=None).data
