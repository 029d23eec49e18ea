"""Sums of outcomes give the verdict of the whole log to the last bit, whatever came step by step."""

from dataclasses import asdict

import numpy as np
import pytest

from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.monitoring import verdicts
from ensemble_desk.monitoring.evidence import rolling
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.live import validated

POLICY = Policy(window_n_eff=20)
N = 700


def outcomes(h, *, seed, fall=0.2, n=N):
    """Forecasts of a version whose accuracy falls and rises again, with what came of them."""
    generator = np.random.default_rng(seed)
    p = generator.dirichlet((4, 4, 4), n)
    share = np.where((np.arange(n) > n * 0.4) & (np.arange(n) < n * 0.8), 0.5 - fall, 0.5)
    right = np.repeat(generator.random(-(-n // h)), h)[:n] < share
    y = np.where(right, p.argmax(axis=1), (p.argmax(axis=1) + 1) % 3)
    as_of = np.datetime64("2020-01-01", "us") + np.arange(n) * np.timedelta64(1, "D")
    return Matured(
        id=np.arange(n),
        as_of=as_of,
        target=as_of + np.timedelta64(h, "D"),
        p=p,
        y=y,
        threshold=np.full(n, 0.01),
        horizon_bars=np.full(n, h),
        is_live=np.ones(n, bool),
        version=np.zeros(n, np.int64),
        versions=("20200701",),
    )


def definition(h, **more):
    told = {"accuracy": 0.48, "low": 0.43, "high": 0.53, "n_holdout": 400, "n_eff": 400 / h}
    rates = (0.3, 0.4, 0.3)
    return Definition(Key("AAPL", "d1"), "20200701", LabelSpec(h), "1D", **(told | {"usual_rates": rates} | more))


def step_by_step(rows, told, cuts):
    found = None
    for part in np.split(np.arange(len(rows)), cuts):
        if len(part):
            found = verdicts.summed(rows.take(part), told, POLICY, before=found)
    return verdicts.of_sums(found, rows.kinds, told, POLICY)


@pytest.mark.parametrize("h", [1, 5])
@pytest.mark.parametrize("fall", [0.0, 0.45])
def test_any_steps_give_the_verdict_of_all_at_once(h, fall):
    rows, told, rang = outcomes(h, seed=h, fall=fall), definition(h), set()
    for n in (1, 4, 6, 60, 300, 420, 560, N):
        some = rows.take(slice(n))
        whole = verdicts.judge(some, told, POLICY)
        for seed in range(2):
            cuts = np.sort(np.random.default_rng(seed).integers(0, n + 1, 6))
            assert repr(step_by_step(some, told, cuts)) == repr(whole)
        rang.add(whole.rings)
    one_by_one = step_by_step(rows, told, np.arange(1, N))
    assert repr(one_by_one) == repr(verdicts.judge(rows, told, POLICY))
    assert (fall < 0.4) or rang == {False, True}  # the steps lead through an alarm and out of it


def test_a_version_that_tells_less_is_summed_too():
    rows = outcomes(1, seed=3)
    for lacking in ({"usual_rates": None}, {"accuracy": None}, {"n_holdout": None}):
        told = definition(1, **lacking)
        whole = verdicts.judge(rows, told, POLICY)
        assert repr(step_by_step(rows, told, [1, 5, 200, 500])) == repr(whole)
        assert (whole.skill is None, whole.baseline is None) == ("usual_rates" in lacking, "accuracy" in lacking)


def test_every_day_in_between_is_told_alike():
    h, rows = 5, outcomes(5, seed=2, fall=0.45)
    told = definition(h)
    baseline = validated(told)
    whole = rolling.states(rows.correct, baseline=baseline, horizon_bars=h, policy=POLICY)
    assert whole.confirmed.any()
    before = verdicts.summed(rows.take(slice(410)), told, POLICY)
    more = rolling.states(rows.correct[410:], baseline=baseline, horizon_bars=h, policy=POLICY, past=before.past)
    for name, values in asdict(more.rolling).items():
        assert np.array_equal(values, getattr(whole.rolling, name)[410:]), name
    for name in ("margin", "band", "evidence", "e_value", "since"):
        assert np.array_equal(getattr(more, name), getattr(whole, name)[410:]), name
