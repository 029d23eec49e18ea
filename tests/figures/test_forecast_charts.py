"""Charts of the predict page: contributions in points, and what was said below the candles."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from ensemble_desk.figures import candles, cone, contributions, past_forecasts
from ensemble_desk.figures.contributions import Part
from ensemble_desk.figures.past_forecasts import Mark

DAY = datetime(2024, 1, 1, tzinfo=UTC)
BARS = pd.DataFrame(
    {"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 1.0},
    index=pd.date_range(DAY, periods=3, freq="D", name="time"),
)


def mark(at=0, label="BULLISH", came_true=True, *, live=False, of_shown=True):
    return Mark(DAY + timedelta(days=at), label, came_true, live=live, of_shown=of_shown, note=f"note {at}")


def strip_of(marks):
    made = candles.chart(BARS, timeframe="w1", said=marks)
    return made, next(trace for trace in made.data if trace.mode == "markers")


def test_contributions_are_drawn_in_points_strongest_first():
    made = contributions.chart([Part("rsi_14", "71.2", 0.031), Part("macd", "-0.1", -0.02)])
    bar = made.data[0]
    assert list(bar.y) == ["rsi_14", "macd"]
    assert list(bar.x) == pytest.approx([3.1, -2.0])
    assert list(bar.text) == ["+3.1", "−2.0"]
    assert bar.marker.color[0] != bar.marker.color[1]
    low, high = made.layout.xaxis.range
    assert low == -high < -3.1
    assert made.layout.yaxis.autorange == "reversed"


def test_no_contribution_still_draws():
    assert contributions.chart([]).layout.xaxis.range == (-1.25, 1.25)


def test_live_and_replayed_marks_stand_in_rows_of_their_own():
    made, strip = strip_of([mark(0), mark(1, live=True), mark(2, of_shown=False)])
    assert list(strip.y) == ["Replay", "Live", "Replay"]
    assert list(strip.marker.opacity) == [1.0, 1.0, 0.45]
    assert past_forecasts.rows([mark(live=True)]) == ["Live"]
    assert made.layout.height - candles.chart(BARS, timeframe="w1").layout.height == 2 * past_forecasts.ROW_PX
    assert strip.xaxis != made.data[-1].xaxis


def test_a_mark_tells_the_class_and_what_came_of_it():
    _, strip = strip_of([mark(0), mark(1, "NEUTRAL", came_true=False), mark(2, "BEARISH", came_true=None)])
    assert list(strip.marker.symbol) == ["triangle-up", "square-open", "triangle-down-open-dot"]
    assert list(strip.customdata) == ["note 0", "note 1", "note 2"]


def test_prices_stand_on_the_right_with_and_without_a_strip():
    for marks in ([], [mark()]):
        assert candles.chart(BARS, timeframe="w1", said=marks).layout.yaxis.side == "right"


@pytest.mark.parametrize("n_bars", [1, 21])
def test_a_cone_has_a_panel_of_one_width_however_few_bars_it_spans(n_bars):
    spread = cone.of(
        pd.concat([BARS] * 10).set_axis(pd.date_range(DAY, periods=30)), timeframe="w1", horizon_bars=n_bars
    )
    made = candles.chart(BARS, timeframe="w1", cone=spread)
    left, right = made.layout.xaxis2.domain
    assert right - left == pytest.approx(0.25, abs=0.02)
    low, high = made.layout.xaxis2.range
    assert n_bars / (high - low) > 0.6
    assert made.layout.yaxis2.matches is None
    assert {trace.xaxis for trace in made.data if trace.type == "scatter"} == {"x2"}


def test_volume_stands_below_the_candles_on_the_same_times():
    made = candles.chart(BARS, timeframe="w1")
    (volume,) = (trace for trace in made.data if trace.type == "bar")
    assert list(volume.y) == [1.0, 1.0, 1.0]
    assert volume.yaxis != "y"
    assert made.layout.xaxis.matches == volume.xaxis
