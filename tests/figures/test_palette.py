import itertools
import tomllib
from pathlib import Path

import pytest

from ensemble_desk.figures.style import palette
from ensemble_desk.market.labels import CLASSES

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))
LINES = {
    "bearish": palette.BEARISH,
    "neutral": palette.NEUTRAL,
    "bullish": palette.BULLISH,
    "ensemble": palette.ENSEMBLE,
    "alarm": palette.ALARM,
    "muted": palette.MUTED,
    "muted next": palette.MUTED_NEXT,
    **palette.MEMBER_COLOURS,
}
# What eyes without working green cones (deuteranopia) or red cones (protanopia) see, for linear RGB.
# Machado, Oliveira & Fernandes, IEEE TVCG 15 (2009), severity 1.0.
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))


def linear(colour):
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def luminance(colour):
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen(colour, kind):
    return [sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in kind]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", LINES)
def test_every_colour_is_readable_on_both_backgrounds(name, mode):
    assert contrast(LINES[name], CONFIG["theme"][mode]["backgroundColor"]) >= 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_buttons_are_readable(mode):
    theme = CONFIG["theme"][mode]
    assert contrast(theme["textColor"], theme["backgroundColor"]) >= 7
    assert contrast(theme["linkColor"], theme["backgroundColor"]) >= 4.5
    words = "#FFFFFF" if mode == "light" else palette.ON_ACCENT_IN_THE_DARK
    assert contrast(words, theme["primaryColor"]) >= 4.5
    for name in ("green", "blue", "orange", "red", "yellow", "violet", "gray"):
        assert contrast(theme[f"{name}TextColor"], theme[f"{name}BackgroundColor"]) >= 4.5, name


@pytest.mark.parametrize("kind", [DEUTERANOPIA, PROTANOPIA], ids=["deuteranopia", "protanopia"])
def test_classes_are_told_apart_without_red_or_green(kind):
    for one, other in itertools.combinations((palette.BEARISH, palette.NEUTRAL, palette.BULLISH), 2):
        distance = sum((a - b) ** 2 for a, b in zip(seen(one, kind), seen(other, kind), strict=True)) ** 0.5
        assert distance > 0.12, (one, other)


def test_every_class_has_one_colour():
    assert tuple(palette.CLASS_COLOURS) == CLASSES
    assert len(set(palette.CLASS_COLOURS.values())) == 3


def test_an_unknown_member_keeps_its_colour():
    assert palette.member("rf") == palette.MEMBER_COLOURS["rf"]
    assert palette.member("svm") == palette.member("svm") not in palette.MEMBER_COLOURS.values()


def test_translucent_keeps_the_colour():
    assert palette.translucent("#16938A", 0.5) == "rgba(22, 147, 138, 0.5)"
