"""Secrets do not stand in what is written for people, however they were mistyped."""

import logging
import os
import subprocess
import sys

import pandas as pd
import pytest

from ensemble_desk.errors import redaction
from ensemble_desk.forecasting import batches
from ensemble_desk.settings import Settings
from ensemble_desk.work import logs

SECRET = "hunter2geheim"  # noqa: S105 - no one's


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://desk:{SECRET}@db.example.org/desk",
        f"postgresql//desk:{SECRET}@db.example.org/desk",
        f"postgresql:/desk:{SECRET}@db.example.org/desk",
        f"could not connect to postgresql+psycopg://desk:{SECRET}@h:5432/x?sslmode=require now",
        f"s3://AKIA:{SECRET}@bucket/models",
        f"slack://TokenA/{SECRET}/TokenC",
        f"tgram://{SECRET}/123",
        f"mailtos://me:{SECRET}@example.org",
        f"https://example.org/hook?token={SECRET}&x=1",
        f"connection failed: host=x password={SECRET} port=1",
        f"Authorization: Bearer {SECRET}",
        f'{{"secret_access_key": "{SECRET}"}}',
    ],
)
def test_a_secret_is_taken_out_and_the_rest_stays(text):
    told = redaction.redacted(text)
    assert SECRET not in told
    assert redaction.HIDDEN in told
    assert redaction.redacted(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "AAPL/d1 20250121: its SHA-256 is 0123…, registered was 4567…",
        "open http://localhost:8501/rollback?key=AAPL%2Fd1",
        "use sqlite:///FILE or postgresql://…",
        "key AAPL/d1 is unknown; token budget none",
    ],
)
def test_what_holds_no_secret_is_left_alone(text):
    assert redaction.redacted(text) == text


@pytest.mark.parametrize("how", ["text", "json"])
def test_a_log_at_debug_holds_no_secret_even_in_a_traceback(how):
    settings = Settings(
        database_url=f"postgresql://desk:{SECRET}%21@db/x",
        alert_urls=("https://hooks.example/T0/B0/verysecret",),
        log_format=how,
    )
    made = logs.formatter(settings)
    try:
        raise ValueError(f"{settings.database_url} {SECRET}! {settings.alert_urls[0]}")  # noqa: TRY301, TRY003, EM102 - some library's
    except ValueError:
        record = logging.LogRecord("x", logging.DEBUG, "", 1, "broke: %s", (settings.alert_urls,), sys.exc_info())
    told = made.format(record)
    assert "Traceback" in told
    assert SECRET not in told
    assert "verysecret" not in told
    assert SECRET not in repr(settings)


MISTYPED = [
    f"postgresql://desk:{SECRET}@host:port/x",
    f"postgresql//desk:{SECRET}@host/x",
    f"postgresql://desk:{SECRET}@[::1/x",
    f"postgresql+nothing://desk:{SECRET}@127.0.0.1:1/x",
    f"postgresql://desk:{SECRET}@127.0.0.1:99999999/x",
    f"postgresql://desk:{SECRET}@127.0.0.1:1/x?no_such_option=1",
    f"postgresql://desk:{SECRET}@127.0.0.1:1/x?sslmode=bogus",
    f"mysql://desk:{SECRET}@127.0.0.1/x",
    SECRET,
]


@pytest.mark.parametrize("url", MISTYPED)
def test_a_mistyped_address_of_a_database_ends_in_one_line_without_its_password(url, tmp_path):
    environment = os.environ | {"DESK_DATABASE_URL": url, "DESK_MODELS_URL": str(tmp_path), "DESK_LOG_LEVEL": "DEBUG"}
    done = subprocess.run(
        [sys.executable, "-m", "ensemble_desk", "registry", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in (1, 2)
    assert SECRET not in done.stdout + done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")] == done.stderr.splitlines()[-1:]
    assert "Traceback" not in done.stderr


def test_downloads_hold_nothing_that_a_spreadsheet_would_run():
    table = pd.DataFrame(
        {"note": ["=HYPERLINK(1)", "+1", "-2", "@x", "plain", None], "n": [-1.5, 2, 3, 4, 5, 6]},
        index=["=A1", "b", "c", "d", "e", "f"],
    ).rename(columns={"note": "=note"})
    text = batches.harmless(table).to_csv()
    cells = [cell for line in text.splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "@")]
    assert "'=HYPERLINK(1)" in text
    assert "-1.5" in cells
    assert batches.harmless(table)["n"].dtype == float


def test_a_table_that_is_looked_at_keeps_its_signed_numbers_and_nothing_else_that_runs():
    kept, run = (
        ["+0.012 [-0.1, +0.2], p 0.17 (of all)", "-3", "−0.5 points"],
        ["=1+1", "+1+cmd|' /C calc'!A0", "-A1", "@x", "\t=1", "-1+HYPERLINK(2)"],
    )
    shown = batches.harmless(pd.DataFrame({"told": kept + run}), signed=True)["told"].tolist()
    assert shown == kept + [f"'{told}" for told in run]
