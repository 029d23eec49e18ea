"""One label: equality is neutral, the unknown is missing, and only its own specification scores it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensemble_desk.market import labels
from ensemble_desk.market.labels import BEARISH, BULLISH, CLASSES, NEUTRAL, LabelSpec


def bars_of(close):
    index = pd.date_range("2024-01-01", periods=len(close), tz="UTC", name="time")
    return pd.DataFrame({"close": np.asarray(close, float)}, index)


@st.composite
def walks(draw):
    steps = draw(st.lists(st.sampled_from([-0.05, -0.01, 0.0, 0.01, 0.05]), min_size=30, max_size=80))
    return bars_of(100 * np.exp(np.cumsum(steps)))


specs = st.builds(
    LabelSpec,
    horizon_bars=st.integers(1, 8),
    rule=st.sampled_from(["volatility", "fixed"]),
    multiplier=st.sampled_from([0.0, 0.5, 1.0]),
    sigma_window=st.sampled_from([5, 20]),
    fixed_threshold=st.sampled_from([0.0, 0.01, 0.03]),
)


def test_classes_are_numbered_from_bearish_to_bullish():
    assert (CLASSES[BEARISH], CLASSES[NEUTRAL], CLASSES[BULLISH]) == ("BEARISH", "NEUTRAL", "BULLISH")


@settings(max_examples=80, deadline=None)
@given(bars=walks(), spec=specs)
def test_an_oracle_that_sees_the_outcome_is_always_right(bars, spec):
    found = labels.label(bars, spec)
    log_close = np.log(bars["close"].to_numpy())
    for t in range(len(bars)):
        enough = spec.rule == "fixed" or t >= spec.sigma_window
        if t + spec.horizon_bars >= len(bars) or not enough:
            assert np.isnan(found.iloc[t])
            continue
        limit = labels.threshold(bars.head(t + 1), spec).iloc[-1]  # what is known at t
        move = log_close[t + spec.horizon_bars] - log_close[t]
        assert found.iloc[t] == (BULLISH if move > limit else BEARISH if move < -limit else NEUTRAL)


@settings(max_examples=50, deadline=None)
@given(bars=walks(), spec=specs)
def test_the_last_bars_are_pending_never_neutral(bars, spec):
    found = labels.label(bars, spec)
    assert found.tail(spec.horizon_bars).isna().all()
    assert set(found.dropna()) <= {0.0, 1.0, 2.0}
    assert found.index.equals(bars.index)


@settings(max_examples=50, deadline=None)
@given(bars=walks(), spec=specs, extra=st.integers(1, 10))
def test_a_label_once_known_never_changes(bars, spec, extra):
    early = labels.label(bars.head(len(bars) - extra), spec).dropna()
    pd.testing.assert_series_equal(labels.label(bars, spec).loc[early.index], early)


@pytest.mark.parametrize("rise", [1.0, 1.03, 0.97])
def test_a_move_of_exactly_the_threshold_is_neutral(rise):
    bars = bars_of([100.0, 100.0 * rise])
    move = labels.forward_return(bars, LabelSpec(1)).iloc[0]
    exact = labels.label(bars, LabelSpec(1, rule="fixed", fixed_threshold=abs(move)))
    assert exact.iloc[0] == NEUTRAL
    if rise != 1.0:
        below = labels.label(bars, LabelSpec(1, rule="fixed", fixed_threshold=np.nextafter(abs(move), 0)))
        assert below.iloc[0] == (BULLISH if rise > 1 else BEARISH)


def test_standing_still_is_neutral_under_the_volatility_rule():
    found = labels.label(bars_of([5.0] * 40), LabelSpec(1))
    assert found.iloc[20:-1].eq(NEUTRAL).all()
    assert found.iloc[:20].isna().all()


def test_the_threshold_grows_with_the_square_root_of_the_horizon(daily):
    one, four = labels.threshold(daily, LabelSpec(1)), labels.threshold(daily, LabelSpec(4))
    sigma = np.log(daily["close"]).diff().iloc[-20:].std()
    assert one.iloc[-1] == pytest.approx(0.5 * sigma)
    assert four.iloc[-1] == pytest.approx(2 * one.iloc[-1])


def test_scoring_by_another_specification_makes_an_oracle_look_wrong(daily):
    own = labels.label(daily, LabelSpec(5)).dropna()
    other = labels.label(daily, LabelSpec(5, rule="fixed", fixed_threshold=0.002)).loc[own.index]
    assert (own == other).mean() < 0.9


def test_real_bars_have_all_three_classes(daily):
    shares = labels.label(daily, LabelSpec(1)).value_counts(normalize=True)
    assert set(shares.index) == {0.0, 1.0, 2.0}
    assert shares.min() > 0.2


def test_a_specification_survives_being_stored():
    spec = LabelSpec(5, rule="fixed", fixed_threshold=0.01)
    assert LabelSpec.from_dict(spec.to_dict()) == spec
