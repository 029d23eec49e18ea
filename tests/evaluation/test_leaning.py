"""Leans, scored beside baselines of their own."""

import numpy as np
import pytest

from ensemble_desk.evaluation import leaning
from ensemble_desk.evaluation.comparison import Verdict

USUAL = np.array([0.27, 0.43, 0.30])


def _rows(n, *, skill):
    """Forecasts that lean to what comes with a chance of ``skill``, else to a class drawn by the usual rates."""
    generator = np.random.default_rng(7)
    y = generator.choice(3, size=n, p=USUAL)
    told = np.where(generator.random(n) < skill, y, generator.choice(3, size=n, p=USUAL))
    return USUAL + 0.06 * (np.eye(3)[told] - 1 / 3), np.tile(USUAL, (n, 1)), y


@pytest.mark.parametrize("look", [leaning.at_one_look, leaning.daily])
def test_leans_that_know_something_are_better_than_the_usual_rates_of_the_classes_leaned_to(look):
    found = look(*_rows(1500, skill=0.5), horizon_bars=1)
    assert (found.n, found.verdict) == (1500, Verdict.BETTER)
    assert found.excess.low > 0
    assert found.excess.value == pytest.approx(found.accuracy.value - found.usual)
    assert found.accuracy.value > found.same
    assert sum(found.shares.values()) == pytest.approx(1)
    assert "better, right" in found.in_words


@pytest.mark.parametrize("look", [leaning.at_one_look, leaning.daily])
def test_leans_dealt_at_random_are_not_settled(look):
    found = look(*_rows(1500, skill=0.0), horizon_bars=1)
    assert found.verdict is Verdict.NOT_SETTLED
    assert abs(found.excess.value) < 0.03


def test_always_the_same_lean_is_worth_what_its_class_came_beyond_its_usual_rate():
    y = np.array([0, 0, 1, 2] * 50)
    p = np.tile(USUAL + np.array([0.02, -0.01, -0.01]), (200, 1))
    found = leaning.daily(p, np.tile(USUAL, (200, 1)), y, horizon_bars=1)
    assert (found.same_class, found.same, found.accuracy.value) == ("BEARISH", 0.5, 0.5)
    assert found.excess.value == pytest.approx(0.23)
    assert found.shares == {"BEARISH": 1.0, "NEUTRAL": 0.0, "BULLISH": 0.0}


def test_without_rows_there_is_no_answer():
    nothing = np.zeros((0, 3))
    assert leaning.daily(nothing, nothing, np.zeros(0, int), horizon_bars=1) is None
    assert leaning.at_one_look(nothing, nothing, np.zeros(0, int), horizon_bars=1) is None
