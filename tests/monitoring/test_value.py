"""The record of acting on a key: on the bars that were forecast, after costs, in honest words."""

import numpy as np
import pandas as pd
import pytest
from tests.forecast_bench import KEY, evaluation, walk

from ensemble_desk.figures import value as figures
from ensemble_desk.forecasting import outcomes
from ensemble_desk.monitoring.worth import records as value

VERSION = "20200701"
RATES = {"BEARISH": 0.3, "NEUTRAL": 0.4, "BULLISH": 0.3}


def _said(bench, edges, *, horizon_bars=1, rates=RATES):
    """Forecasts from the 25th bar on whose edge of BULLISH is as given, that of BEARISH none."""
    frame = walk(25 + len(edges) + 2 * horizon_bars)
    bench.prices.frames[KEY] = frame
    told = {} if rates is None else {"usual_rates": rates}
    bench.publish(evaluation=evaluation(0.45, 400, horizon_bars=horizon_bars) | told)
    p = np.column_stack([np.full(len(edges), 0.3), 0.4 - np.asarray(edges), 0.3 + np.asarray(edges)])
    bench.say(frame.index[25 : 25 + len(edges)], p, horizon_bars=horizon_bars)
    outcomes.mature(bench.registry)
    return frame


def test_positions_are_edges_and_earn_the_bars_that_follow(bench):
    edges = np.tile([0.1, 0.2, 0.0], 30)
    frame = _said(bench, edges)
    found = value.record(bench.registry, KEY, version=VERSION)
    returns = frame["close"].pct_change().to_numpy()[26 : 26 + 90]
    traded = np.abs(np.diff(edges, prepend=0.0))
    net = edges * returns - traded * bench.registry.settings.cost_bps / 1e4
    net[-1] -= edges[-1] * bench.registry.settings.cost_bps / 1e4
    np.testing.assert_allclose(found.acted.capital, np.cumprod(1 + net), rtol=1e-9)
    np.testing.assert_allclose(found.held.total, frame["close"].iloc[115] / frame["close"].iloc[25] - 1, atol=2e-3)
    assert found.times[0] == frame.index[26].tz_localize(None).to_numpy()
    assert (found.n_tried, found.acted.n) == (1, 90)
    assert found.in_words.startswith(("Nothing", "Worth"))


def test_a_seer_is_proven_and_says_so(sqlite_bench):
    frame = walk(225)
    ahead = frame["close"].pct_change().shift(-1).to_numpy()[25:223]
    _said(sqlite_bench, np.where(ahead > 0, 0.3, 0.0))
    found = value.record(sqlite_bench.registry, KEY)
    assert found.deflated > 0.95
    assert found.in_words.startswith("Worth something after costs")
    assert found.acted
    told = dict(zip(figures.ROWS, figures.rows(found)[0][1:], strict=True))
    assert told["Sharpe"] == f"{found.acted.sharpe:+.2f}"
    assert told["Return"] == f"{100 * found.acted.total:+.1f} %"


@pytest.mark.parametrize(("edges", "rates", "words"), [
    ([0.1] * 5, RATES, "5 bars are too few"),
    ([0.1] * 5, None, "usual rates"),
    ([], RATES, "no outcome is known yet"),
])  # fmt: skip
def test_what_cannot_be_told_says_why(sqlite_bench, edges, rates, words):
    _said(sqlite_bench, np.array(edges), rates=rates)
    assert words in value.record(sqlite_bench.registry, KEY, version=VERSION).in_words


def test_bars_that_the_source_does_not_have_are_told(sqlite_bench):
    _said(sqlite_bench, np.full(5, 0.1))
    later = walk(60)
    sqlite_bench.prices.frames[KEY] = later.set_index(later.index + pd.Timedelta(days=4000))
    assert "none of the bars" in value.record(sqlite_bench.registry, KEY).in_words
