"""The study: versions that know nothing later, kept and judged the same, and one report."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting
from ensemble_desk.training.study import judging, report, running
from ensemble_desk.training.walk_forward import Recipe

RECIPE = Recipe(("rf", "pooled_logit"), fitting.default_label("d1"), "d1", 5)
ENDS = running.quarters(date(2002, 3, 31), date(2002, 9, 30))


@pytest.fixture(scope="module")
def series():
    source = SampleSource()
    until = pd.Timestamp("2003-01-31", tz="UTC").to_pydatetime()
    return {name: source.bars(Key(name, "d1"), until=until) for name in ("AAPL", "IBM")}


@pytest.fixture(scope="module")
def versions(series):
    return running.run(series, RECIPE, ends=ENDS, n_jobs=1)


def test_a_version_is_asked_about_the_quarter_after_it_and_knows_nothing_of_it(series, versions):
    assert [(one.symbol, one.as_of) for one in versions] == [(name, end) for name in ("AAPL", "IBM") for end in ENDS]
    first = versions[0]
    between = series["AAPL"].frame.loc["2002-04-01":"2002-06-30"]
    assert len(first.classes) == len(between)
    assert first.usual.sum() == pytest.approx(1)
    cut = {name: bars.until(pd.Timestamp("2002-07-02", tz="UTC").to_pydatetime()) for name, bars in series.items()}
    again = running.run(cut, RECIPE, ends=ENDS[:1], n_jobs=1)[0]
    for name in RECIPE.names:
        np.testing.assert_array_equal(again.later[name], first.later[name])
        np.testing.assert_array_equal(again.oof.probabilities[name], first.oof.probabilities[name])


def test_a_series_has_no_version_before_it_began_or_after_it_ended(series):
    bars = series["IBM"].frame
    young = replace(series["IBM"], frame=bars.loc["2002-12-02":])
    ended = replace(series["IBM"], frame=bars.loc[:"2002-06-28"])
    told = {"AAPL": series["AAPL"], "IBM": ended, "YOUNG": young}
    found = running.run(told, RECIPE, ends=ENDS, n_jobs=2)
    assert [(one.symbol, one.as_of) for one in found] == [
        *(("AAPL", end) for end in ENDS),
        ("IBM", ENDS[0]),
    ]


def test_an_interrupted_study_goes_on_with_what_it_kept(series, tmp_path):
    told = []
    one = running.run(series, RECIPE, ends=ENDS[:1], n_jobs=1, keep=tmp_path)
    stamps = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(stamps) == 2
    next(tmp_path.iterdir()).write_bytes(b"torn")
    other = running.run(
        series, RECIPE, ends=ENDS[:1], n_jobs=1, keep=tmp_path, progress=lambda *said: told.append(said[1:])
    )
    assert told == [(1, 2), (2, 2)]
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert sum(after[name] != stamp for name, stamp in stamps.items()) == 1
    for first, second in zip(one, other, strict=True):
        assert (first.symbol, first.as_of, first.oof.left_out) == (second.symbol, second.as_of, second.oof.left_out)
        for name in RECIPE.names:
            np.testing.assert_array_equal(first.later[name], second.later[name])


def test_sets_are_judged_on_all_rows_against_usual_rates_and_the_first(versions):
    first, alone = judging.said(versions, RECIPE.names), judging.said(versions, ["rf"])
    told = judging.judge(alone, first, np.ones(len(alone.y), np.bool_))
    assert (told.n, told.n_quarters) == (len(first.y), 3)
    assert told.against_first.value == pytest.approx(float((alone.losses - first.losses).mean()))
    assert told.against_first.low < told.against_first.value < told.against_first.high
    assert sum(told.named) == pytest.approx(1)
    assert first.weights["rf"] + first.weights["pooled_logit"] == pytest.approx(1)


def test_the_interval_takes_quarters_for_what_hangs_together():
    quarter = pd.DatetimeIndex(np.repeat(ENDS, 50))
    same = judging.mean(np.repeat([0.1, 0.2, 0.3], 50), quarter)
    assert same.value == pytest.approx(0.2)
    assert same.high - same.low == pytest.approx(2 * 4.302653 * 0.1 / 3**0.5, rel=1e-6)
    assert np.isnan(judging.mean(np.ones(50), quarter[:50]).low)


def test_the_report_tells_quarters_kept_back_apart(versions):
    text = report.markdown(
        versions, [RECIPE.names, ["rf"]], chosen_until=pd.Timestamp("2002-04-30", tz="UTC"), none_left_out=True
    )
    for line in (
        "## All quarters",
        "## To choose by: up to 2002-04-30",
        "## Kept back: after 2002-04-30",
        "| rf, pooled_logit (none left out) |",
        "| rf |",
        "6 versions of 2 series",
    ):
        assert line in text
    assert "nan" not in text
