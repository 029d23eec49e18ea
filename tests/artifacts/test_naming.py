"""File names are read back to exactly the key and version they were written for."""

import datetime as dt
import fnmatch

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ensemble_desk.artifacts import naming
from ensemble_desk.errors import ArtifactNameError, DeskError, PublishError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key

versions = st.builds(
    lambda day, revision: f"{day:%Y%m%d}" + (f"r{revision:02d}" if revision > 1 else ""),
    st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)),
    st.integers(1, 99),
)


@st.composite
def keys(draw) -> Key:
    symbol = draw(st.text("ABCXYZ019.^=/_&+-", min_size=1, max_size=32))
    try:
        return Key(symbol, draw(st.sampled_from(sorted(timeframes.TIMEFRAMES))))
    except DeskError:
        assume(False)
        raise


@given(keys(), versions)
def test_every_key_and_version_comes_back(key, version):
    name = naming.file_name(key, version)
    assert naming.parse(name) == (key, version)
    assert naming.file_name(*naming.parse(name)) == name
    assert "/" not in name
    assert not name.startswith(".")


@given(keys(), keys(), versions)
def test_two_keys_never_share_a_name(one, other, version):
    assume(one != other)
    assert naming.file_name(one, version) != naming.file_name(other, version)


@given(st.text(max_size=60))
def test_any_text_is_a_version_or_a_named_refusal(text):
    for name in (text, f"{text}.pkl", f"{text}_d1_20250121.pkl"):
        try:
            key, version = naming.parse(name)
        except ArtifactNameError:
            continue
        else:
            assert naming.file_name(key, version) == name


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("AAPL", "AAPL_d1_20250121.pkl"),
        ("BRK.B", "BRK.B_d1_20250121.pkl"),
        ("^GSPC", "^GSPC_d1_20250121.pkl"),
        ("EURUSD=X", "EURUSD=X_d1_20250121.pkl"),
        ("BTC-USD", "BTC-USD_d1_20250121.pkl"),
        ("A_B", "A_B_d1_20250121.pkl"),
        ("AT&T+", "AT&T+_d1_20250121.pkl"),
        ("BTC/USD", "BTC%2FUSD_d1_20250121.pkl"),
    ],
)
def test_names_are_those_that_the_guide_looks_for(symbol, name):
    assert naming.file_name(Key(symbol, "d1"), "20250121") == name
    if "/" not in symbol:
        assert fnmatch.fnmatchcase(name, f"{symbol}_d1_*.pkl")
    stem = name.removesuffix(".pkl")
    assert stem.rsplit("_", 1)[1] == "20250121"


@pytest.mark.parametrize(
    "name",
    [
        "AAPL_d1_20250121",
        "AAPL_d1_20250121.PKL",
        "AAPL_d1_20250121.pkl.bak",
        "AAPL_20250121.pkl",
        "d1_20250121.pkl",
        "_d1_20250121.pkl",
        "AAPL_d2_20250121.pkl",
        "AAPL_D1_20250121.pkl",
        "aapl_d1_20250121.pkl",
        "AAPL_d1_20250230.pkl",
        "AAPL_d1_00000101.pkl",
        "AAPL_d1_2025012.pkl",
        "AAPL_d1_20250121r00.pkl",
        "AAPL_d1_20250121r01.pkl",
        "AAPL_d1_20250121r1.pkl",
        "AAPL_d1_20250121r2.pkl",
        "AAPL_d1_20250121r100.pkl",
        "AAPL_d1_20250121R02.pkl",
        "AAPL_d1_latest.pkl",
        "AAPL_d1_٢٠٢٥٠١٢١.pkl",
        "AAPL_d1_20250121 .pkl",
        "AAPL_d1_20250121\n.pkl",
        "BTC%2fUSD_d1_20250121.pkl",
        "BTC/USD_d1_20250121.pkl",
        "%41APL_d1_20250121.pkl",
        "..%2F..%2Fx_d1_20250121.pkl",
        "%2Fetc_d1_20250121.pkl",
        "..\\x_d1_20250121.pkl",
        "A%00B_d1_20250121.pkl",
        "A%FFB_d1_20250121.pkl",
        "A%B_d1_20250121.pkl",
        "A:B_d1_20250121.pkl",
        ".AAPL_d1_20250121.pkl",
        ".pkl",
        "",
    ],
)
def test_names_that_are_none_are_refused(name):
    with pytest.raises(ArtifactNameError) as caught:
        naming.parse(name)
    assert caught.value.name == name


def test_versions_of_a_key_sort_like_their_file_names():
    ordered = ["20250120", "20250121", "20250121r02", "20250121r03", "20250121r10", "20250121r99", "20250122"]
    key = Key("AAPL", "d1")
    assert sorted(ordered) == ordered
    assert sorted(naming.file_name(key, version) for version in reversed(ordered)) == [
        naming.file_name(key, version) for version in ordered
    ]


def test_the_next_version_of_a_day_comes_after_all_that_exist():
    day = dt.date(2025, 1, 21)
    assert naming.next_version(day, []) == "20250121"
    assert naming.next_version(day, ["20250120", "20250122r07"]) == "20250121"
    assert naming.next_version(day, ["20250121"]) == "20250121r02"
    assert naming.next_version(day, ["20250121r02"]) == "20250121r03"
    assert naming.next_version(day, ["20250121", "20250121r09"]) == "20250121r10"
    with pytest.raises(PublishError, match="99 versions"):
        naming.next_version(day, ["20250121r99"])


def test_a_version_tells_its_day():
    assert naming.timestamp("20250121r02") == naming.timestamp("20250121") == "20250121"
    assert naming.date("20250121r02") == dt.date(2025, 1, 21)
    assert (naming.revision("20250121"), naming.revision("20250121r12")) == (1, 12)
    with pytest.raises(ArtifactNameError):
        naming.file_name(Key("AAPL", "d1"), "../20250121")


def test_the_manifest_has_the_same_stem():
    assert naming.manifest_name("BTC%2FUSD_d1_20250121r02.pkl") == "BTC%2FUSD_d1_20250121r02.json"
