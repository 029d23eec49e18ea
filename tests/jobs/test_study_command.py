"""The command that judges sets of members: one report, or a clear refusal before any work."""

import pytest


def test_study_writes_one_report_and_says_how_far_it_is(desk, tmp_path):
    out = tmp_path / "study.md"
    done = desk(
        "study", "--members", "pooled_logit", "--symbols", "AAPL,FB", "--from", "2002-03-31", "--to", "2002-06-30",
        "--jobs", "1", "--keep", tmp_path / "kept", "--out", out,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "2 of 2: FB 2002-03" in done.err
    text = out.read_text("utf-8")
    assert "2 versions of 1 series" in text
    assert "| pooled_logit |" in text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("--members", "rf,nobody"), "nobody"),
        (("--from", "soon"), "no day"),
        (("--from", "2012-01-02", "--to", "2012-01-03"), "no quarter ends"),
        (("--symbols", "FB", "--members", "rf", "--jobs", "1"), "bars enough"),
    ],
)
def test_what_cannot_be_studied_is_refused(desk, tmp_path, asked, words):
    done = desk("study", *asked, "--out", tmp_path / "study.md")
    assert done.code != 0
    assert words in done.err
    assert not (tmp_path / "study.md").exists()
