"""Names that other programs give their files are read, or refused with the reason; the files keep them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensemble_desk.artifacts import naming, other_names
from ensemble_desk.errors import ArtifactNameError
from ensemble_desk.market.keys import Key

D1 = Key("AAPL", "d1")


@pytest.mark.parametrize(
    ("name", "key", "version"),
    [
        ("AAPL_d1_20250121.pkl", D1, "20250121"),
        ("AAPL_d1_20250121r02.pkl", D1, "20250121r02"),
        ("aapl_d1_20250121.pkl", D1, "20250121"),
        ("AAPL_D1_20250122.pkl", D1, "20250122"),
        ("AAPL_1d_20250123.pkl", D1, "20250123"),
        ("AAPL_1M_20250123.pkl", Key("AAPL", "mn1"), "20250123"),
        ("AAPL_1m_20250123.pkl", Key("AAPL", "m1"), "20250123"),
        ("aapl-60min-2025-01-23.PKL", Key("AAPL", "h1"), "20250123"),
        ("AAPL_d1_2025-01-24.pkl", D1, "20250124"),
        ("AAPL_d1_20250125_153000.pkl", D1, "20250125T153000"),
        ("AAPL_d1_20250121T1530.pkl", D1, "20250121T153000"),
        ("AAPL_d1_20250126T153000Z.pkl", D1, "20250126T153000"),
        ("AAPL_d1_2025-01-26T15-30-00.pkl", D1, "20250126T153000"),
        ("AAPL_d1_1737849600.pkl", D1, "20250126T000000"),
        ("AAPL_d1_1737849600123.pkl", D1, "20250126T000000"),
        ("AAPL_d1_20250127.joblib", D1, "20250127"),
        ("AAPL_d1_20250128.pickle", D1, "20250128"),
        ("AAPL_d1_20250129.pkl.gz", D1, "20250129"),
        ("AAPL_d1_20250129.joblib.lz4", D1, "20250129"),
        ("AAPL_d1_20250129.joblib.gz", D1, "20250129"),
        ("AAPL_d1_20250129.sav", D1, "20250129"),
        ("AAPL_d1_20250129.p", D1, "20250129"),
        ("AAPL_d1_20250129.P.xz", D1, "20250129"),
        ("AAPL_d1_20250129.pck", D1, "20250129"),
        ("AAPL_d1_20250129.dill", D1, "20250129"),
        ("BTC_USDT_h1_20250121.pkl", Key("BTC_USDT", "h1"), "20250121"),
        ("BTC-USD_h4_2025-01-21.pkl", Key("BTC-USD", "h4"), "20250121"),
        ("ETH_USDT_USDT_h1_20250121.pkl", Key("ETH_USDT_USDT", "h1"), "20250121"),
        ("US30.cash_d1_20250121.pkl", Key("US30.CASH", "d1"), "20250121"),
        ("AAPL/AAPL_d1_20250131.pkl", D1, "20250131"),
        ("AAPL/d1/20250121.pkl", D1, "20250121"),
        ("AAPL/d1_2025-01-21.joblib", D1, "20250121"),
        ("stocks/us/AAPL/d1_20250121.pkl", D1, "20250121"),
    ],
)
def test_names_of_other_programs_are_read(name, key, version):
    assert other_names.recognise(name) == (key, version)
    assert naming.parse(naming.file_name(key, version)) == (key, version)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("AAPL_d1_v3.pkl", "no day"),
        ("AAPL_d1_latest.pkl", "no day"),
        ("AAPL_d1_20250130 (1).pkl", "copy of another file; take it in with: desk registry import"),
        ("AAPL_d1_20251345.pkl", "no day"),
        ("AAPL_d1_20250121_final.pkl", "its day 20250121 is not its end"),
        ("2025-01-21_AAPL_d1.pkl", "its day 2025-01-21 is not its end"),
        ("AAPL_d1_20250121_2530.pkl", "not its end"),
        ("AAPL_20250121.pkl", "no timeframe"),
        ("AAPL_d2_20250121.pkl", "no timeframe"),
        ("ES1!_d1_20250121.pkl", "ticker symbol"),
        ("NASDAQ:AAPL_d1_20250121.pkl", "ticker symbol"),
        ("..%2F..%2Fx_d1_20250121.pkl", "hidden"),
        ("AAPL_d1_20250121.onnx", "ends in none"),
        ("a/b/c/d/AAPL_d1_20250121.pkl", "folders deep"),
        ("../AAPL_d1_20250121.pkl", "hidden"),
        (".x/AAPL_d1_20250121.pkl", "hidden"),
        ("a//AAPL_d1_20250121.pkl", "hidden"),
        ("/AAPL_d1_20250121.pkl", "hidden"),
        ("a\\b/AAPL_d1_20250121.pkl", "hidden"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_reason(name, reason):
    with pytest.raises(ArtifactNameError, match=reason):
        other_names.recognise(name)


@given(st.text(max_size=60))
def test_any_text_is_a_version_or_a_named_refusal(text):
    for name in (text, f"{text}.pkl", f"{text}_d1_20250121.pkl", f"A/{text}/d1/20250121.joblib"):
        try:
            key, version = other_names.recognise(name)
        except ArtifactNameError:
            continue
        assert naming.parse(naming.file_name(key, version)) == (key, version)
        assert ".." not in name.split("/")


def test_no_two_files_share_what_lies_beside_them():
    names = ["AAPL_d1_20250121.pkl", "AAPL_d1_20250121.joblib", "AAPL_d1_20250121.pkl.gz", "AAPL/d1/20250121.pkl"]
    forms = [naming.form_name(name) for name in names]
    assert len(set(forms)) == len(names)
    assert all(form.count("/") == 1 for form in forms)
    assert [naming.manifest_name(name) != name for name in names[:3]] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2025-01-21T15:30:00.123456+00:00", {"20250121"}),
        ("01/21/2025", {"20250121"}),
        ("21.01.2025 10:00", {"20250121"}),
        ("02/01/2025", {"20250102", "20250201"}),
        ("1737473400.25", {"20250121"}),
        ("v3", set()),
    ],
)
def test_a_text_that_a_file_keeps_as_its_time_means_these_days(text, days):
    assert other_names.days_of(text) == days


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("AAPL_d1_20250121.pkl.bak", "it ends in .bak, a copy by its name; take it in with: desk registry import"),
        ("AAPL_d1_20250121.pkl~", "it ends in ~, a copy"),
        ("AAPL_d1_20250121.pkl.OLD", "it ends in .old, a copy"),
        ("AAPL_d1_20250121.pkl.1", "it ends in .1, and what is read ends in .pkl,"),
        ("AAPL_d1_20250121.pkl.bak.gz", "it ends in .gz, and what is read"),
        ("AAPL/d1/2025-01-21.onnx", "it ends in .onnx, and what is read"),
        ("BRK.B_1d_20250121.zip", "it ends in .zip"),
        ("AAPL_d1_2025.01.21", "it has no suffix, and what is read"),
    ],
)
def test_a_version_by_its_name_that_ends_otherwise_is_passed_over(name, reason):
    assert other_names.is_passed_over(name)
    ((told, why),) = other_names.passed_over([name]).items()
    assert told == name
    assert why.startswith(reason)


@pytest.mark.parametrize(
    "name",
    [
        *("AAPL_d1_20250121.pkl", "model.pkl", "AAPL_d1_20250121.safetensors", "AAPL_d1_20250121.json", "notes.bak"),
        *(
            "AAPL_d1_20250121.csv",
            "AAPL_d1_20250121.pkl.sha256",
            "registry.db-wal",
            "AAPL_latest.bak",
            "",
            "~",
            "x/.bak",
        ),
        *(
            "a/b/c/d/AAPL_d1_20250121.bak",
            "AAPL_d1_2025\n0121.bak",
            ".AAPL_d1_20250121.bak",
            "AAPL_d1_20250121.a.b.c.d",
        ),
    ],
)
def test_other_files_are_not(name):
    assert not other_names.is_passed_over(name)


def test_many_with_one_ending_are_told_in_one_line():
    names = [f"AAPL_d1_2025{month:02d}{day:02d}.pkl.bak" for month in range(1, 13) for day in range(1, 29)]
    told = other_names.passed_over([*names, "AAPL_d1_20250121.onnx", "AAPL_d1_20250122.onnx"])
    assert list(told) == ["*.bak", "AAPL_d1_20250121.onnx", "AAPL_d1_20250122.onnx"]
    assert told["*.bak"].startswith(f"{', '.join(names[:3])} and 333 more: each ends in .bak, a copy by its name; take")
