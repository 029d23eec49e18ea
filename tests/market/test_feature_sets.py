"""A team's own features: what they give is used as it is, and what cannot be trusted is refused with the reason."""

import time

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import FeatureSetError
from ensemble_desk.market import feature_sets
from ensemble_desk.market.feature_sets import FeatureSet


def momentum(bars):
    return pd.DataFrame({"up": bars["close"].pct_change(5), "trend": bars["close"].ewm(span=20).mean() / bars["close"]})


@pytest.fixture
def named():
    """Name functions, and forget them afterwards."""
    before = feature_sets._known.find

    def name(**functions):
        def find(name):
            return FeatureSet(name, functions[name], f"digest of {functions[name].__name__}", "here")

        feature_sets._known.tried.clear()
        feature_sets._known.found.clear()
        feature_sets.use(find)

    yield name
    feature_sets._known.tried.clear()
    feature_sets._known.found.clear()
    feature_sets._known.find = before


def test_features_are_computed_and_whole_rows_kept(named, daily):
    named(own=momentum)
    table = feature_sets.compute("own", daily)
    pd.testing.assert_frame_equal(table, momentum(daily))
    assert len(feature_sets.whole_rows("own", daily)) == len(daily) - 5


def test_the_first_rows_may_be_left_out_and_the_bars_cannot_be_changed(named, daily):
    def spoiling(bars):
        table = momentum(bars).iloc[5:]
        bars["close"] = 0.0
        return table

    named(own=spoiling)
    kept = daily.copy()
    assert len(feature_sets.compute("own", daily)) == len(daily) - 5
    pd.testing.assert_frame_equal(daily, kept)


def shifted(bars):
    return pd.DataFrame({"tomorrow": bars["close"].shift(-1) / bars["close"]})


def scaled(bars):
    return pd.DataFrame({"scaled": (bars["close"] - bars["close"].mean()) / bars["close"].std()})


@pytest.mark.parametrize(("function", "column"), [(shifted, "tomorrow"), (scaled, "scaled")])
def test_a_function_that_looks_ahead_is_refused_by_column(named, daily, function, column):
    named(own=function)
    for _ in range(2):  # also when it is asked again
        with pytest.raises(FeatureSetError, match=f"looks ahead: {column} at"):
            feature_sets.compute("own", daily)


def test_a_centred_window_is_seen(named, daily):
    named(own=lambda bars: pd.DataFrame({"smooth": bars["close"].rolling(21, center=True).mean()}))
    with pytest.raises(FeatureSetError, match="looks ahead"):
        feature_sets.compute("own", daily)


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda bars: bars["close"], "it gave a Series"),
        (lambda _: None, "it gave a NoneType"),
        (lambda bars: momentum(bars).iloc[:-1], "are not those of"),
        (lambda bars: momentum(bars).reset_index(drop=True), "are not those of"),
        (lambda bars: pd.concat([momentum(bars)] * 2), "are not those of"),
        (lambda bars: momentum(bars)[["up", "up"]], "no two the same"),
        (lambda bars: momentum(bars)[[]], "need a name"),
        (lambda bars: momentum(bars).assign(text="x"), "text holds no numbers"),
        (lambda _: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_gives_other_rows_no_numbers_or_raises_is_refused(named, daily, function, problem):
    named(own=function)
    with pytest.raises(FeatureSetError, match=problem):
        feature_sets.compute("own", daily)


def test_a_function_that_takes_too_long_is_given_up(named, daily, monkeypatch):
    monkeypatch.setattr(feature_sets, "SECONDS", 0.05)
    named(own=lambda _: time.sleep(0.5))
    with pytest.raises(FeatureSetError, match=r"more than 0\.05 seconds"):
        feature_sets.compute("own", daily)


def test_a_function_is_tried_once(named, daily):
    asked = []

    def counting(bars):
        asked.append(len(bars))
        return momentum(bars)

    named(own=counting)
    feature_sets.compute("own", daily)
    n_first = len(asked)
    feature_sets.compute("own", daily)
    assert (n_first, len(asked)) == (1 + feature_sets.N_CUTS, 2 + feature_sets.N_CUTS)


def test_rows_without_a_number_stay_nan(named, daily):
    def gappy(bars):
        table = momentum(bars)
        table.loc[table.index.day == 13, "up"] = np.nan
        return table

    named(own=gappy)
    table = feature_sets.compute("own", daily)
    assert table["up"].isna().sum() > 50
    assert feature_sets.whole_rows("own", daily)["up"].notna().all()
