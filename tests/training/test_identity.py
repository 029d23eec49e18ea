"""What makes two trainings the same, and what makes them two."""

from dataclasses import replace
from datetime import date

import pytest

from ensemble_desk.market import feature_sets
from ensemble_desk.market.feature_sets import FeatureSet
from ensemble_desk.training import fitting, identity


def of(bars, **other):
    asked = {"day": date(2002, 8, 30), "members": ("rf", "gb"), "label": fitting.default_label("d1"), "seed": 1}
    return identity.of(bars, **{**asked, "feature_set": "", "again": "", **other})


def test_the_same_is_the_same(early_bars):
    assert of(early_bars) == of(replace(early_bars, frame=early_bars.frame.copy()))


@pytest.mark.parametrize(
    "other",
    [
        {"day": date(2002, 8, 31)},
        {"members": ("rf",)},
        {"label": replace(fitting.default_label("d1"), multiplier=0.7)},
        {"seed": 2},
        {"again": "x"},
        {"zone": "America/New_York"},
    ],
)
def test_whatever_is_asked_otherwise_is_another(early_bars, other):
    assert of(early_bars) != of(early_bars, **other)


def test_a_bar_that_was_restated_or_is_new_is_another(early_bars):
    restated = early_bars.frame.copy()
    restated.iloc[7, 3] *= 1 + 1e-12
    shorter = early_bars.frame.iloc[1:]
    digests = {of(replace(early_bars, frame=frame)) for frame in (early_bars.frame, restated, shorter)}
    assert len(digests) == 3


def test_other_symbols_that_it_learns_from_are_a_part_of_it(early_bars):
    beside = early_bars.frame * 2
    asked = [of(early_bars, peers=peers) for peers in ({}, {"IBM": beside}, {"IBM": beside.iloc[:-1]}, {"X": beside})]
    assert len(set(asked)) == 4
    assert asked[1] == of(early_bars, peers={"IBM": beside.copy()})


def test_imported_features_are_the_same_by_their_numbers(early_bars, monkeypatch):
    def asked(factor):
        rows = FeatureSet("own", None, "0", "", lambda _key, frame: frame[["close"]] * factor)
        monkeypatch.setitem(feature_sets._known.found, "own", rows)
        return of(early_bars, feature_set="own")

    assert asked(2.0) == asked(2.0)
    assert len({asked(2.0), asked(3.0), of(early_bars)}) == 3
