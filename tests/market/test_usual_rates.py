"""How often each class came, and what stands furthest above it."""

import math

import numpy as np
import pytest

from ensemble_desk.market import usual_rates
from ensemble_desk.market.labels import CLASSES

RATES = (0.27, 0.43, 0.30)


@pytest.mark.parametrize(
    "told", [None, {}, "x", {"BEARISH": 0.5, "NEUTRAL": 0.5}, {"BEARISH": True, "NEUTRAL": 0, "BULLISH": 0},
             {"BEARISH": 0.5, "NEUTRAL": 0.5, "BULLISH": 0.5}, {"BEARISH": -0.5, "NEUTRAL": 1, "BULLISH": 0.5}]
)  # fmt: skip
def test_rates_that_are_none_are_unknown(told):
    assert usual_rates.read(told) is None


def test_rates_are_read_back_as_written():
    y = np.array([0, 1, 1, 2])
    assert usual_rates.read(usual_rates.of(y)) == (0.25, 0.5, 0.25)


def test_a_manifest_and_an_artifact_tell_the_same_rates():
    told = dict(zip(CLASSES, RATES, strict=True))
    assert usual_rates.of_content({"usual_rates": told}) == RATES
    assert usual_rates.of_content({"evaluation": {"usual_rates": told}}) == RATES
    assert usual_rates.of_content({"evaluation": None}) is None
    assert usual_rates.read({**told, "BEARISH": math.nan}) is None


def test_the_lean_is_the_class_furthest_above_its_usual_rate_not_the_most_probable_one():
    said = {"BEARISH": 0.31, "NEUTRAL": 0.40, "BULLISH": 0.29}
    told = usual_rates.edge(said, RATES)
    assert told["lean"] == "BEARISH"
    assert told["edges"] == pytest.approx({"BEARISH": 0.04, "NEUTRAL": -0.03, "BULLISH": -0.01})
    assert told["usual_rates"] == dict(zip(CLASSES, RATES, strict=True))
    assert usual_rates.edge(said, None) == {"usual_rates": None, "edges": None, "lean": None}


def test_many_rows_lean_as_each_of_them_alone():
    p = np.random.default_rng(1).dirichlet([2, 3, 2], size=40)
    alone = [usual_rates.edge(dict(zip(CLASSES, row, strict=True)), RATES)["lean"] for row in p.tolist()]
    assert [CLASSES[number] for number in usual_rates.leans(p, RATES)] == alone
