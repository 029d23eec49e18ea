"""The small pictures of lists: on one scale, nothing drawn that is not known."""

import re
from dataclasses import replace

from ensemble_desk.figures import marks
from ensemble_desk.figures.marks import Accuracy

WHOLE = Accuracy(now=0.31, low=0.24, high=0.39, majority=0.46, validated=0.44, colour="#cc4f5b")


def dots(svg):
    return {fill: float(x) for x, fill in re.findall(r'<circle cx="([^"]+)"[^>]* fill="([^"]+)"', svg)}


def test_the_accuracy_lies_below_the_validated_one_on_the_same_scale():
    found = dots(marks.accuracy(WHOLE))
    assert found["#cc4f5b"] < found["none"]
    other = dots(marks.accuracy(replace(WHOLE, now=0.5)))
    assert other["none"] == found["none"]


def test_what_is_not_known_is_not_drawn():
    nothing = Accuracy(None, None, None, None, None, colour="#cc4f5b")
    assert dots(marks.accuracy(nothing)) == {}
    assert "#cc4f5b" not in marks.accuracy(nothing)


def test_what_lies_beyond_the_scale_stays_in_the_picture():
    found = dots(marks.accuracy(replace(WHOLE, now=0.0, validated=1.0)))
    assert 0 < found["#cc4f5b"] < found["none"] < 176


def test_a_line_rises_to_the_right_and_a_single_value_draws_none():
    points = re.search(r'points="([^"]+)"', marks.line([0.2, 0.8], colour="#16938a")).group(1).split()
    (x1, y1), (x2, y2) = (map(float, point.split(",")) for point in points)
    assert x1 < x2
    assert y1 > y2  # a picture counts from its top
    assert "polyline" not in marks.line([0.5], colour="#16938a")
