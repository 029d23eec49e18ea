import math

from ensemble_desk.figures.along_time import months
from ensemble_desk.figures.along_time.months import Month


def month(year, number, share=0.4, *, firm=True):
    return Month(year, number, share, firm, f"note {year}-{number}")


def test_each_month_has_its_place_newest_year_on_top():
    made = months.calendar([month(2012, 12), month(2013, 1, 0.5), month(2013, 3)], middle=0.4)
    cells = made.data[0]
    assert list(cells.y) == ["2013", "2012"]
    assert list(cells.x)[:2] == ["Jan", "Feb"]
    assert [round(value) if value is not None else None for value in cells.z[0][:3]] == [10, None, 0]
    placed = {(one.x, one.text): one.y for one in made.layout.annotations}
    assert placed == {("Dec", "40 %"): 1, ("Jan", "50 %"): 0, ("Mar", "40 %"): 0}  # by row: "2013" would be a number
    assert cells.customdata[1][11] == "note 2012-12"
    assert made.layout.yaxis.autorange == "reversed"


def test_few_outcomes_stand_in_brackets_and_no_accuracy_is_an_empty_cell():
    made = months.calendar([month(2013, 1, firm=False), month(2013, 2, math.nan)], middle=0.4)
    assert [one.text for one in made.layout.annotations] == ["(40 %)"]
    assert made.data[0].z[0][1] is None


def test_the_colours_of_small_differences_stay_pale():
    cells = months.calendar([month(2013, 1, 0.42)], middle=0.4).data[0]
    assert cells.zmax == -cells.zmin == 15
    assert months.calendar([month(2013, 1, 0.9)], middle=0.4).data[0].zmax == 50


def test_no_months_still_draw():
    assert months.calendar([], middle=0.4).layout.height
