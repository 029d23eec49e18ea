"""Every feature is causal, finite in memory, free of scale, and defined where a ratio has no denominator."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ensemble_desk.errors import InvalidBarsError, InvalidFeaturesError, MissingFeaturesError, TooFewBarsError
from ensemble_desk.market import features
from ensemble_desk.market.features import FEATURE_NAMES, WARM_UP_BARS


@pytest.fixture(params=["daily", "weekly", "quarter_hours"])
def frame(request):
    return request.getfixturevalue(request.param)


def same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def bars_of(close, volume=1000.0, spread=0.0, start="2024-01-01"):
    close = np.asarray(close, float)
    index = pd.date_range(start, periods=len(close), tz="UTC", name="time")
    columns = {"open": close, "high": close * (1 + spread), "low": close * (1 - spread), "close": close}
    return pd.DataFrame({**columns, "volume": np.broadcast_to(volume, close.shape).astype(float)}, index)


def test_shape_names_and_times(frame):
    found = features.compute(frame)
    assert tuple(found.columns) == FEATURE_NAMES
    assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == 24
    assert found.index.equals(frame.index[WARM_UP_BARS:])
    assert set(found.dtypes) == {np.dtype("float64")}
    assert np.isfinite(found.to_numpy()).all()


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_truncated_history_gives_the_same_row_in_every_feature(frame, name):
    whole = features.compute(frame)[name]
    for length in np.linspace(WARM_UP_BARS + 1, len(frame), 25).astype(int):
        same(features.compute(frame.head(length))[name].iloc[-1], whole.loc[frame.index[length - 1]])


def test_a_row_is_made_from_one_hundred_bars_only(frame):
    whole = features.compute(frame)
    for end in np.linspace(WARM_UP_BARS + 1, len(frame), 40).astype(int):
        alone = features.compute(frame.iloc[end - WARM_UP_BARS - 1 : end])
        assert len(alone) == 1
        same(alone.iloc[0], whole.loc[frame.index[end - 1]])


def test_what_happens_later_changes_no_earlier_row(frame):
    later = frame.copy()
    later.iloc[-50:, :4] *= 3.0
    later.iloc[-50:, 4] = 0.0
    cut = len(frame) - WARM_UP_BARS - 50
    same(features.compute(later).head(cut), features.compute(frame).head(cut))
    assert (features.compute(later).iloc[cut] != features.compute(frame).iloc[cut]).any()


def test_features_are_free_of_the_scale_of_price_and_volume(frame):
    scaled = frame * [1000.0, 1000.0, 1000.0, 1000.0, 0.01]
    np.testing.assert_allclose(features.compute(scaled), features.compute(frame), rtol=1e-9, atol=1e-9)


def test_simple_ones_equal_pandas(frame):
    close, moves = frame["close"], np.log(frame["close"]).diff()
    expected = pd.DataFrame(
        {
            "return_5": np.log(close).diff(5),
            "volatility_20": moves.rolling(20).std(),
            "range_volatility_20": ((np.log(frame["high"] / frame["low"]) ** 2).rolling(20).mean() / np.log(16)) ** 0.5,
            "close_to_sma_50": close / close.rolling(50).mean() - 1,
            "volume_ratio_20": frame["volume"] / frame["volume"].rolling(20).mean(),
            "range_position_60": (close - frame["low"].rolling(60).min())
            / (frame["high"].rolling(60).max() - frame["low"].rolling(60).min()),
        }
    )[WARM_UP_BARS:]
    found = features.compute(frame)[list(expected.columns)]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)


def test_the_calendar_is_told_in_utc(quarter_hours):
    found = features.compute(quarter_hours)
    row = found.loc[pd.Timestamp("2024-02-01 15:45", tz="UTC")]  # a Thursday
    assert (row["day_of_week"], row["month"], row["time_of_day"]) == (3.0, 2.0, 15.75)
    assert features.compute(quarter_hours.tz_convert("Asia/Tokyo")).equals(found)


def test_by_the_clocks_of_the_exchange_the_same_bar_of_the_day_has_the_same_hour_all_year(quarter_hours):
    zone = "America/New_York"
    found = features.compute(quarter_hours, zone=zone)
    row = found.loc[pd.Timestamp("2024-02-01 15:45", tz="UTC")]
    assert (row["day_of_week"], row["month"], row["time_of_day"]) == (3.0, 2.0, 10.75)
    summer = quarter_hours.set_axis(quarter_hours.index + pd.Timedelta(days=182, hours=-1))
    assert features.compute(summer, zone=zone)["time_of_day"].tolist() == found["time_of_day"].tolist()
    others = [name for name in features.FEATURE_NAMES if name not in ("day_of_week", "month", "time_of_day")]
    assert found[others].equals(features.compute(quarter_hours)[others])


def test_standing_still_has_defined_values():
    row = features.compute(bars_of(np.full(120, 0.1), volume=0.0)).iloc[-1]
    expected = {"rsi_14": 50.0, "stochastic_k_14": 50.0, "stochastic_d_14": 50.0, "range_position_60": 0.5}
    expected |= {"bollinger_position_20": 0.5, "volume_ratio_20": 1.0, "volatility_ratio_5_20": 1.0}
    zero = set(FEATURE_NAMES) - set(expected) - {"day_of_week", "month"}
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert {name: row[name] for name in zero} == pytest.approx(dict.fromkeys(zero, 0.0), abs=1e-12)


def test_only_rises_and_only_falls_are_the_ends_of_the_scale():
    up = features.compute(bars_of(1.01 ** np.arange(120))).iloc[-1]
    down = features.compute(bars_of(0.99 ** np.arange(120))).iloc[-1]
    assert (up["rsi_14"], down["rsi_14"]) == pytest.approx((100.0, 0.0))
    assert (up["stochastic_k_14"], down["stochastic_k_14"]) == pytest.approx((100.0, 0.0))
    assert (up["range_position_60"], down["range_position_60"]) == pytest.approx((1.0, 0.0))
    assert up["macd"] > 0 > down["macd"]


def test_a_session_without_volume_among_others_is_zero(daily):
    quiet = daily.tail(120).copy()
    quiet.iloc[-1, 4] = 0.0
    assert features.compute(quiet)["volume_ratio_20"].iloc[-1] == 0.0


prices = arrays.arrays(float, st.integers(100, 130), elements=st.sampled_from([1e-12, 1e-6, 0.5, 1.0, 1.5, 1e6, 1e18]))


@settings(max_examples=60, deadline=None)
@given(close=prices, volume=st.sampled_from([0.0, 1.0, 1e18]))
def test_the_wildest_bars_the_contract_allows_give_finite_numbers(close, volume):
    found = features.compute(bars_of(close, volume=volume))
    assert np.isfinite(found.to_numpy()).all()
    for name in ("rsi_14", "stochastic_k_14", "stochastic_d_14"):
        assert found[name].between(0, 100 + 1e-9).all()


@pytest.mark.parametrize("count", [1, 50, WARM_UP_BARS])
def test_too_few_bars_say_how_many_are_needed(daily, count):
    with pytest.raises(TooFewBarsError, match=f"has {count} bars; computing features needs at least 100"):
        features.compute(daily.head(count))


def test_one_hundred_bars_give_one_row(daily):
    assert len(features.compute(daily.head(WARM_UP_BARS + 1))) == 1


def test_broken_bars_are_refused_not_filled(daily):
    daily = daily.copy()
    daily.iloc[150, 3] = np.nan
    with pytest.raises(InvalidBarsError, match="close is missing"):
        features.compute(daily, subject="AAPL/d1")


@pytest.fixture
def ready(daily):
    return features.compute(daily).tail(6)


def test_ready_features_are_selected_and_ordered(ready):
    names = ["macd", "rsi_14"]
    chosen = features.require(ready[["rsi_14", "month", "macd"]], names, version="AAPL/d1 20250121")
    pd.testing.assert_frame_equal(chosen, ready[names])


def test_missing_features_are_all_named_and_never_filled(ready):
    with pytest.raises(MissingFeaturesError) as caught:
        features.require(ready.drop(columns=["macd", "rsi_14"]), FEATURE_NAMES, version="AAPL/d1 20250121")
    assert caught.value.missing == ("rsi_14", "macd")
    assert "AAPL/d1 20250121" in str(caught.value)
    assert "rsi_14, macd" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.head(0), "there are no rows"),
        (lambda f: f.assign(macd="high"), "column macd holds no numbers"),
        (lambda f: f.assign(macd=[1, 2, np.nan, 4, np.nan, 6]), r"2 row\(s\), the first is row 3, .* in macd"),
        (lambda f: f.assign(macd=np.inf, month=-np.inf), r"6 row\(s\), the first is row 1, .* in macd, month"),
        (lambda f: pd.concat([f, f[["macd"]]], axis=1), "column macd occurs more than once"),
    ],
)
def test_features_that_no_member_can_take_are_refused(ready, change, said):
    with pytest.raises(InvalidFeaturesError, match=said):
        features.require(change(ready), FEATURE_NAMES, version="a version")


def test_whole_numbers_and_truth_values_are_numbers(ready):
    chosen = features.require(ready.assign(month=6, macd=True), ["month", "macd"], version="a version")
    assert chosen.to_numpy().tolist() == [[6.0, 1.0]] * 6


def test_nullable_gaps_are_found(ready):
    gap = ready.astype({"macd": "Float64"})
    gap.loc[gap.index[1], "macd"] = pd.NA
    with pytest.raises(InvalidFeaturesError, match="the first is row 2"):
        features.require(gap, ["macd"], version="a version")
