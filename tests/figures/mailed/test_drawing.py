import re
from xml.etree import ElementTree as ET

import numpy as np

from ensemble_desk.figures.mailed import drawing
from ensemble_desk.figures.mailed.drawing import Band, Line, Point

TIMES = np.datetime64("2020-01-01", "us") + np.arange(200) * np.timedelta64(1, "D")


def drawn(**parts):
    across, at = drawing.time_axis(TIMES)
    y = drawing.percent_axis(0, 100)
    text = drawing.chart(alt="a < b", x=across, y=y, **{name: make(at) for name, make in parts.items()})
    return ET.fromstring(text), text  # noqa: S314 - made a moment ago


def test_a_chart_is_well_formed_and_says_what_it_shows():
    made, _ = drawn(lines=lambda at: [Line("A & B", at, at * 0 + 50, "#123456")])
    svg = made.find("svg")
    assert svg.get("aria-label") == "a < b"
    assert "A & B" in "".join(made.find("figcaption").itertext())
    assert [one.text for one in svg.iter("text")][:2] == ["0 %", "20 %"]


def test_a_line_begins_anew_after_a_gap_and_stays_inside():
    def gapped(at):
        y = np.linspace(-50, 150, len(at))
        y[100] = np.nan
        return [Line("", at, y, "#123456")]

    _, text = drawn(lines=gapped)
    path = re.search(r'<path d="(M[^"]+)" fill="none" stroke="#123456"', text)[1]
    assert path.count("M") == 2
    heights = [float(one) for one in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]
    assert min(heights) >= 12
    assert max(heights) <= 214


def test_bands_and_points_are_drawn():
    made, text = drawn(
        bands=lambda at: [Band(at, at * 0 + 40, at * 0 + 60, "#abcdef")],
        points=lambda at: [Point(float(at[3]), 50, 40, 60)],
    )
    assert len([*made.iter("circle")]) == 1
    assert 'fill="#abcdef"' in text


def test_little_and_nothing_can_be_drawn():
    for n in (0, 1, 2):
        across, at = drawing.time_axis(TIMES[:n])
        assert drawing.chart(alt="", x=across, y=drawing.percent_axis(40, 60), lines=[Line("a", at, at * 0 + 50, "#1")])


def test_many_points_stay_few_kilobytes():
    times = np.datetime64("2000-01-01", "us") + np.arange(50_000) * np.timedelta64(1, "D")
    across, at = drawing.time_axis(times)
    text = drawing.chart(alt="", x=across, y=drawing.percent_axis(0, 100), lines=[Line("a", at, at * 0 + 50, "#1")])
    assert len(text) < 20_000


def test_powers_of_ten_are_named():
    assert [told for _, told in drawing.power_axis(-0.3, 3.2).ticks] == ["1", "10", "100", "1000"]
