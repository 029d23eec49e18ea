"""Two versions are set against each other on bars that both forecast and neither was trained on."""

import numpy as np
from tests.forecast_bench import KEY, certain, walk

from ensemble_desk.evaluation.comparison import Verdict
from ensemble_desk.forecasting import outcomes
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import labels
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import scoreboard

FIRST, SECOND = "20200701", "20200702"


def published(bench, *, second_label=LabelSpec(1), last_bar=60):  # noqa: B008 - frozen
    frame = walk(400)
    bench.prices.frames[KEY] = frame
    bench.publish(FIRST, last_bar=frame.index[50].to_pydatetime())
    bench.publish(SECOND, label=second_label, last_bar=frame.index[last_bar].to_pydatetime())
    return frame


def said(bench, frame, version, share_right, *, first, n=200):
    truth = labels.label(frame, LabelSpec(1)).iloc[first : first + n].astype(int).to_numpy()
    right = np.random.default_rng(int(version)).random(n) < share_right
    calls = certain(np.where(right, truth, (truth + 1) % 3))
    bench.say(frame.index[first : first + n], calls, version=version, kind=Kind.REPLAY)
    outcomes.mature(bench.registry)


def test_only_bars_of_both_that_neither_learnt_from_are_compared(bench):
    frame = published(bench)
    said(bench, frame, FIRST, 0.3, first=40)
    said(bench, frame, SECOND, 0.8, first=55)
    found = scoreboard.versions(bench.registry, KEY, first=FIRST, second=SECOND)
    assert found.n == 240 - 61
    assert (found.daily_verdict, found.verdict) == (Verdict.BETTER, Verdict.BETTER)
    turned = scoreboard.versions(bench.registry, KEY, first=SECOND, second=FIRST)
    assert turned.daily_verdict is Verdict.WORSE


def test_other_labels_are_not_compared_and_no_common_bars_settle_nothing(sqlite_bench):
    published(sqlite_bench, second_label=LabelSpec(1, "fixed", fixed_threshold=0.01))
    assert scoreboard.versions(sqlite_bench.registry, KEY, first=FIRST, second=SECOND) is None


def test_no_common_bars_settle_nothing(sqlite_bench):
    published(sqlite_bench)
    found = scoreboard.versions(sqlite_bench.registry, KEY, first=FIRST, second=SECOND)
    assert (found.n, found.verdict, found.daily_verdict) == (0, Verdict.NOT_SETTLED, Verdict.NOT_SETTLED)
