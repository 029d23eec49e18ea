from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.figures import accuracy, candles, cone, confusion, live, members, votes
from ensemble_desk.figures.style import palette
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec, threshold
from ensemble_desk.sources.sample import SampleSource


@pytest.fixture(scope="module")
def daily():
    return SampleSource().bars(Key("AAPL", "d1")).frame


def point(name, value=0.43, **more):
    return accuracy.Point(name, value, low=0.37, high=0.49, baseline=0.39, n=250, n_eff=250.0, **more)


def test_votes_add_up_and_lean_from_bearish_to_bullish():
    made = votes.stacked([votes.Bar("Ensemble", {"BEARISH": 0.2, "NEUTRAL": 0.3, "BULLISH": 0.5})])
    assert [trace.name for trace in made.data] == [name.capitalize() for name in CLASSES]
    assert [trace.x[0] for trace in made.data] == pytest.approx([20, 30, 50])
    assert [trace.marker.color for trace in made.data] == [palette.BEARISH, palette.NEUTRAL, palette.BULLISH]


def test_a_share_without_room_is_told_on_hover_only():
    made = votes.stacked([votes.Bar("rf", {"BEARISH": 0.02, "NEUTRAL": 0.08, "BULLISH": 0.9})])
    assert [trace.text[0] for trace in made.data] == ["", "", "90"]


def test_timeline_keeps_the_order_and_the_interval():
    made = accuracy.timeline([point("20120330"), point("20120629", mark=True), accuracy.Point("20120928", None)])
    named = {trace.name: trace for trace in made.data}
    assert list(made.layout.xaxis.categoryarray) == ["20120330", "20120629", "20120928"]
    assert list(named["In production"].x) == ["20120629"]
    assert named["Other versions"].error_y.array[0] == pytest.approx(6)
    assert named["Other versions"].error_y.arrayminus[0] == pytest.approx(6)
    assert list(named["Majority baseline"].y) == pytest.approx([39, 39])


def test_a_limit_of_zero_is_a_limit():
    made = accuracy.beside([accuracy.Point("x", 0.2, low=0.0, high=0.5, n=5, n_eff=5)], baseline=None)
    assert made.data[0].error_x.arrayminus[0] == pytest.approx(20)


def test_few_independent_outcomes_are_grey():
    weak = accuracy.Point("20120330", 0.5, 0.2, 0.8, n=19, n_eff=19.0, mark=True)
    made = accuracy.timeline([weak])
    assert made.data[-1].marker.color[0] == palette.MUTED
    assert accuracy.timeline([point("20120330", mark=True)]).data[-1].marker.color[0] == palette.ENSEMBLE


def test_overfit_joins_what_was_seen_with_what_was_not():
    fits = [members.Fit("rf", 0.8, 0.41), members.Fit("prophet", None, 0.39)]
    made = members.overfit(fits, baseline=0.38)
    lines = [trace for trace in made.data if trace.mode == "lines"]
    assert [list(trace.x) for trace in lines] == [pytest.approx([80, 41])]
    dots = {trace.name: list(trace.y) for trace in made.data if trace.mode == "markers"}
    assert dots == {"Train": ["rf"], "Holdout": ["rf", "prophet"]}


def test_weights_of_every_version_are_whole():
    made = members.weights({"20120330": {"rf": 0.6, "gb": 0.4}, "20120629": {"rf": 0.5, "gb": 0.3, "svm": 0.2}})
    assert np.sum([trace.y for trace in made.data], axis=0) == pytest.approx([100, 100])
    assert made.layout.barmode == "stack"


def test_confusion_shades_by_row_and_survives_an_empty_one():
    made = confusion.matrix([[2, 1, 1], [0, 0, 0], [1, 0, 3]])
    assert list(made.data[0].z[0]) == pytest.approx([0.5, 0.25, 0.25])
    assert list(made.data[0].z[1]) == [0, 0, 0]
    assert [note.text for note in made.layout.annotations][:1] == ["2<br>50 %"]


def test_cone_is_symmetric_in_log_price_and_agrees_with_the_label(daily):
    spec = LabelSpec(horizon_bars=1)
    made = cone.of(daily, timeframe="d1", horizon_bars=5, label=spec)
    close = daily["close"].iloc[-1]
    lower, upper = made.bands[0.9]
    assert len(made.times) == len(lower) == 6
    assert lower[0] == upper[0] == pytest.approx(close)
    assert np.log(upper / close) == pytest.approx(np.log(close / lower))
    assert upper[-1] / close == pytest.approx(np.exp(np.log(upper[1] / close) * 5**0.5))
    move = threshold(daily, LabelSpec(horizon_bars=5)).iloc[-1]
    assert made.limits == pytest.approx((close * np.exp(-move), close * np.exp(move)))


def test_cone_covers_what_it_says(daily):
    ends = range(300, len(daily) - 21, 5)
    held = {0.5: [], 0.9: []}
    for at in ends:
        made = cone.of(daily.iloc[at - 21 : at], timeframe="d1", horizon_bars=5)
        came = daily["close"].iloc[at + 4]
        for share, inside in held.items():
            lower, upper = made.bands[share]
            inside.append(lower[-1] <= came <= upper[-1])
    assert np.mean(held[0.5]) == pytest.approx(0.5, abs=0.08)
    assert np.mean(held[0.9]) == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize(
    ("timeframe", "last", "expected"),
    [
        ("d1", "2013-03-01", ["2013-03-01", "2013-03-04", "2013-03-05"]),
        ("d1", "2013-03-02", ["2013-03-02", "2013-03-04", "2013-03-05"]),
        ("w1", "2013-03-01", ["2013-03-01", "2013-03-08", "2013-03-15"]),
        ("h1", "2013-03-01", ["2013-03-01 00:00", "2013-03-01 01:00", "2013-03-01 02:00"]),
    ],
)
def test_times_ahead(timeframe, last, expected):
    times = cone.ahead(pd.Timestamp(last, tz="UTC"), 2, timeframe)
    assert list(times) == [pd.Timestamp(text, tz="UTC") for text in expected]


def test_cone_ends_where_the_bars_that_came_end(daily):
    later = daily.index[-25:]
    made = cone.of(daily.iloc[:-25], timeframe="d1", horizon_bars=21, known=later)
    assert list(made.times) == list(daily.index[-26:-4])
    made = cone.of(daily.iloc[:-2], timeframe="d1", horizon_bars=5, known=daily.index[-2:])
    assert list(made.times[:3]) == list(daily.index[-3:])
    assert len(made.times) == 6
    assert made.times.is_monotonic_increasing


def test_candles_show_what_came_after_hollow_and_no_path(daily):
    made = candles.chart(
        daily.iloc[-80:-20],
        timeframe="d1",
        cone=cone.of(daily.iloc[:-20], timeframe="d1", horizon_bars=21, label=LabelSpec(1)),
        later=daily.iloc[-20:],
    )
    shown = [trace for trace in made.data if trace.type == "candlestick"]
    assert [len(trace.x) for trace in shown] == [60, 20]
    assert list(shown[1].x) == list(range(1, 21))
    assert shown[1].increasing.fillcolor.endswith(" 0)")
    assert all(trace.fill == "toself" or len(set(trace.y)) == 1 for trace in made.data if trace.type == "scatter")


def test_strip_gives_every_span_its_length():
    start = datetime(2012, 1, 1, tzinfo=UTC)
    spans = [
        live.Span("20120101", start, start + timedelta(days=1), "first", live=False),
        live.Span("20120102", start + timedelta(days=1), start + timedelta(days=3), "second", live=True),
    ]
    made = live.strip(spans)
    assert list(made.data[0].x) == [86_400_000, 172_800_000]
    assert made.data[0].marker.color[1] == palette.ENSEMBLE
    assert made.data[0].insidetextfont.color == "white"  # a colour left to the theme is lost on one of the two


def test_the_newest_move_is_never_hidden_on_the_strip():
    start, now = datetime(2012, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    moved = now - timedelta(seconds=8)
    spans = [
        live.Span("20120101", start, moved, "first", live=False),
        live.Span("20120102", moved, now, "rollback by ann: drift", live=True),
    ]
    for since in (None, datetime(2025, 12, 1, tzinfo=UTC)):
        made = live.strip(spans, since=since)
        marks = next(trace for trace in made.data if trace.type == "scatter")
        assert marks.x[-1] == moved
        assert marks.customdata[-1][2] == "rollback by ann: drift"
        assert made.layout.annotations[0].text == "20120102 since 2025-12-31 23:59"
        assert made.layout.xaxis.range[0] < moved < made.layout.xaxis.range[1]
    assert not live.strip([]).layout.annotations


def test_neighbours_on_the_strip_are_told_apart_and_their_names_can_be_read():
    start = datetime(2012, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=n) for n in range(4)]
    spans = [live.Span(f"2012010{n + 1}", days[n], days[n + 1], "", live=n == 2) for n in range(3)]
    colours = live.strip(spans).data[0].marker.color
    assert len(set(colours)) == 3
    assert all(colour.startswith("#") for colour in colours)  # a translucent one takes on the viewer's background
