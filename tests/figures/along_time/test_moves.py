from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest

from ensemble_desk.figures.along_time import moves
from ensemble_desk.figures.along_time.moves import Move, Window

START = datetime(2020, 1, 1, tzinfo=UTC)
TIMES = [START + timedelta(days=day) for day in range(100)]


def move(day, version="20200101", *, reason="drift"):
    return Move(START + timedelta(days=day), version, "rollback", "ann", reason)


def shown(*given, window=None, times=TIMES):
    made = go.Figure().add_scatter(x=times, y=[1.0] * len(times))
    return moves.add(made, given, times=times, window=window or Window())


def marks(made):
    return next((trace for trace in made.data if trace.name == "Production moved"), None)


def test_a_move_is_marked_with_who_and_why():
    found = marks(shown(move(40)))
    assert list(found.x) == [START + timedelta(days=40)]
    assert "<b>20200101</b> went live 2020-02-10" in found.customdata[0]
    assert "rollback by ann" in found.customdata[0]
    assert "drift" in found.customdata[0]


def test_moves_after_the_newest_value_stand_together_at_its_edge_and_do_not_stretch_the_chart():
    made = shown(move(500), move(900, None))
    (words,) = marks(made).customdata
    assert list(marks(made).x) == [TIMES[-1]]
    assert "After the last bar shown (2020-04-09) production moved 2 times" in words
    assert words.index("2021-05-15") < words.index("2022-06-19 <b>nothing</b>")


def test_many_later_moves_are_counted_not_listed():
    (words,) = marks(shown(*(move(200 + day) for day in range(10)))).customdata
    assert "moved 10 times" in words
    assert "… 4 earlier ones" in words


def test_a_window_cuts_the_axis_and_leaves_out_what_lies_before_it():
    since = START + timedelta(days=69)
    made = shown(move(40), move(80), window=Window(since=since, until=TIMES[-1]))
    assert list(marks(made).x) == [START + timedelta(days=80)]
    first, last = made.layout.xaxis.range
    assert (first, last > TIMES[-1]) == (since, True)


def test_a_window_longer_than_the_data_begins_with_them():
    made = shown(window=Window(since=START - timedelta(days=300)))
    assert made.layout.xaxis.range[0] == START


def test_no_move_and_no_values_add_nothing():
    assert marks(shown()) is None
    assert marks(shown(move(3), times=[])) is None


@pytest.mark.parametrize("reason", ["<img src=x onerror=alert(1)>", "<b>loud</b>", "a & b"])
def test_a_reason_is_shown_as_it_was_written(reason):
    words = marks(shown(move(40, reason=reason))).customdata[0]
    assert reason not in words
    assert "&lt;" in words or "&amp;" in words


def test_the_time_axis_can_be_zoomed_and_values_stay():
    made = shown(move(40))
    assert made.layout.xaxis.fixedrange is False
    assert made.layout.yaxis9.fixedrange is True
