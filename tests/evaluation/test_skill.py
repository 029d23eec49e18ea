"""Skill against the usual rates: told in one word, not given to what knows nothing more, and read back as written."""

import math

import numpy as np
import pytest

from ensemble_desk.evaluation import skill
from ensemble_desk.evaluation.comparison import Verdict

RATES = (0.27, 0.43, 0.30)


def drawn(n, *, edge, seed):
    """Outcomes at the usual rates, and forecasts that know a part of them."""
    generator = np.random.default_rng(seed)
    y = generator.choice(3, n, p=RATES)
    usual = np.tile(RATES, (n, 1))
    p = (1 - edge) * usual + edge * np.eye(3)[y]
    noise = generator.uniform(0.7, 1.3, (n, 3))
    return p * noise / (p * noise).sum(axis=1, keepdims=True), usual, y


def test_a_forecaster_that_knows_more_is_better_and_one_that_adds_noise_is_not():
    p, usual, y = drawn(600, edge=0.2, seed=1)
    assert skill.daily(p, usual, y, horizon_bars=1).verdict is Verdict.BETTER
    assert skill.at_one_look(p, usual, y, horizon_bars=1).verdict is Verdict.BETTER
    wild = np.random.default_rng(2).dirichlet((0.5, 0.5, 0.5), 600)
    found = skill.daily(wild, usual, y, horizon_bars=1)
    assert (found.verdict, found.rps.low > 0) == (Verdict.WORSE, True)


def test_the_usual_rates_themselves_are_not_settled():
    _, usual, y = drawn(600, edge=0.0, seed=3)
    for found in (skill.daily(usual, usual, y, horizon_bars=1), skill.at_one_look(usual, usual, y, horizon_bars=1)):
        assert (found.log_loss.value, found.rps.value, found.verdict) == (0, 0, Verdict.NOT_SETTLED)


def test_a_forecast_of_zero_costs_a_bounded_loss():
    sure = np.tile([1.0, 0.0, 0.0], (50, 1))
    found = skill.daily(sure, np.tile(RATES, (50, 1)), np.full(50, 2), horizon_bars=1)
    assert math.isfinite(found.log_loss.value)
    assert found.verdict is Verdict.WORSE


def test_no_rows_have_no_skill():
    nothing = np.zeros((0, 3))
    assert skill.daily(nothing, nothing, np.zeros(0, int), horizon_bars=5) is None
    assert skill.at_one_look(nothing, nothing, np.zeros(0, int), horizon_bars=5) is None
    assert skill.never_named(nothing) == ()


def test_classes_that_are_never_named_are_told():
    assert skill.never_named(np.tile([0.2, 0.5, 0.3], (9, 1))) == ("BEARISH", "BULLISH")
    assert skill.no_call(["Bearish"]) == "It never names Bearish."
    assert skill.no_call([]) == ""


@pytest.mark.parametrize("told", [{}, {"skill": None}, {"skill": {"n": 3}}, {"skill": {"n": 1, "verdict": "superb"}}])
def test_a_manifest_that_tells_no_skill_has_none(told):
    assert skill.of_manifest(told) is None
