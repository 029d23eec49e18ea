import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ensemble_desk import settings
from ensemble_desk.jobs import app

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("sklearn", "scipy", "streamlit", "plotly", "prophet", "arch", "torch", "talib", "statsmodels")
KEY = ("AAPL", "d1")

USAGE = [
    (),
    ("no-such-command",),
    ("registry", "no-such-command"),
    ("predict", "AAPL"),
    ("predict", "../../etc", "d1"),
    ("predict", "AAPL", "d2"),
    ("forecast",),
    ("forecast", "AAPL", "--all"),
    ("train", "--symbol", "../../x"),
    ("train", "--symbol", "AAPL", "--as-of", "yesterday"),
    ("train", "--symbol", "AAPL", "--as-of", "2999-01-01"),
    ("train", "--all", "--timeframe", "d7"),
    ("registry", "list", "--state", "odd"),
    ("registry", "list", "--limit", "0"),
    ("registry", "history", "--limit", "99999999999999999999"),
    ("registry", "production", "AAPL"),
    ("registry", "rollback", *KEY),
    ("registry", "promote", *KEY, "--reason", "x"),
    ("registry", "rollback", *KEY, "--reason", "x", "--expected-revision", "many"),
    ("registry", "live-at", *KEY, "yesterday"),
    ("registry", "live-at", *KEY, "9999-12-31T23:59:59-14:00"),
]
REFUSED = [
    ("predict", "IBM", "d1"),
    ("predict", *KEY, "--version", "19990101"),
    ("predict", *KEY, "--version", "../../x"),
    ("predict", *KEY, "--file", "no-such-file.csv"),
    ("predict", *KEY, "--file", "/"),
    ("forecast", "IBM"),
    ("registry", "show", "IBM", "d1"),
    ("registry", "show", *KEY, "19990101"),
    ("registry", "production", "IBM", "d1"),
    ("registry", "rollback", *KEY, "--reason", " "),
    ("registry", "rollback", *KEY, "--reason", "\u200b\u2060"),
    ("registry", "rollback", *KEY, "--to", "20040930", "--reason", "x"),
    ("registry", "promote", *KEY, "--to", "19990101", "--reason", "x"),
    ("registry", "follow-latest", *KEY, "--reason", "x"),
    ("registry", "lift", *KEY, "20040831", "--reason", "x"),
    ("registry", "quarantine", *KEY, "latest", "--reason", "x"),
]


def one_line(done):
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


@pytest.mark.parametrize("arguments", USAGE[1:], ids=" ".join)
def test_wrong_usage_exits_2_in_one_line(folder, desk, arguments):
    done = desk(*arguments)
    assert done.code == 2
    one_line(done)


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["", "json"])
def test_what_is_refused_exits_1_in_one_line(folder, desk, arguments, as_json):
    done = desk(*arguments, *as_json)
    assert done.code == 1
    if arguments[0] != "forecast":  # prints the keys that could be forecast
        one_line(done)
    assert done.err.startswith("error: ")


def test_no_command_shows_the_help(desk):
    done = desk()
    assert done.code == 2
    assert "registry" in done.err
    assert desk("--help").code == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("date,open,high,low,close,volume\n2002-01-02,1,2,3,1,5\n", "high"),
        ("a,b\n1,2\n", "there is no column"),
        ("", "empty"),
        ("\x00\x01\x02", "broken.csv"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_line(folder, desk, tmp_path, content, why):
    file = tmp_path / "broken.csv"
    file.write_text(content)
    done = desk("predict", *KEY, "--file", file)
    assert done.code == 1
    one_line(done)
    assert why in done.err


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("DESK_BARS_SOURCE=yahu", 2),
        ("DESK_CACHE_MB=lots", 2),
        ("DESK_MODELS_URL=s3://bucket/models", 2),
        ("DESK_MODELS_URL= ", 2),
        ("DESK_DATABASE_URL=oracle://x", 2),
        ("DESK_DATABASE_URL=sqlite:////proc/no/such/registry.db", 1),
        ("DESK_DATABASE_URL=postgresql://127.0.0.1:1/none", 1),
    ],
)
def test_settings_that_cannot_be_used_are_told(empty, desk, monkeypatch, setting, code):
    name, _, value = setting.partition("=")
    monkeypatch.setenv(name, value)
    done = desk("registry", "list")
    assert done.code == code
    one_line(done)


def test_a_setting_left_empty_counts_as_not_set(folder, desk, monkeypatch):
    for name in ("DESK_DRIFT_WINDOW", "DESK_ACTOR", "DESK_BARS_SOURCE"):
        monkeypatch.setenv(name, "")
    assert desk("registry", "list").code == 0
    monkeypatch.setenv("DESK_MODELS_URL", "")
    assert settings.load().models_folder == Path.cwd() / "trained_models"


def test_every_command_explains_itself(desk):
    names = ["train", "demo", "predict", "forecast"]
    names += [f"registry {name}" for name in ("list", "show", "production", "promote", "rollback", "follow-latest")]
    names += [f"registry {name}" for name in ("quarantine", "lift", "history", "live-at", "sync", "verify")]
    for name in names:
        done = desk(*name.split(), "--help")
        assert done.code == 0
        assert "--json" in done.out


def test_a_malicious_artifact_is_refused_and_the_rest_is_listed(folder, desk, tmp_path):
    marker = tmp_path / "marker"
    (folder / "EVIL_d1_20250101.pkl").write_bytes(b"cposix\nsystem\n(S'touch %s'\ntR." % bytes(marker))
    done = desk("registry", "sync", "--json")
    assert done.code == 1
    assert "EVIL_d1_20250101.pkl" in json.loads(done.out)["refused"]
    assert len(json.loads(desk("registry", "list", "--json").out)) == 2
    assert not marker.exists()


def test_what_a_terminal_would_obey_is_spelt_out(folder, desk):
    (folder / "\x1b[2JX_d1_20240101.pkl").touch()
    told = desk("registry", "sync").out
    assert "\\x1b[2JX_d1" in told
    told += desk("registry", "quarantine", *KEY, "20040831", "--reason", "[red]a\x1b]0;b\x07").out
    told += desk("registry", "show", *KEY, "\x1b[2J").err
    assert "[red]a\\x1b]0;b\\x07" in told
    assert "\x1b" not in told
    assert "\x07" not in told


def test_looking_at_the_registry_loads_no_heavy_library(folder):
    script = f"""
import contextlib, io, json, sys
from ensemble_desk.jobs import app
commands = ["list", "list --state pruned", "production", "history", "show AAPL d1", "live-at AAPL d1 2030-01-01"]
commands += ["sync", "verify", "pruned", "prune --keep 1 --all", "rollback-fleet --trained 2004-09-30"]
for command in commands:
    for extra in ([], ["--json"]):
        with contextlib.redirect_stdout(io.StringIO()):
            assert app.main(["registry", *command.split(), *extra]) == 0, command
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_module_runs_as_a_program(folder):
    command = [sys.executable, "-m", "ensemble_desk", "registry", "show", "NOPE", "d1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_leaves_early_is_no_error(folder):
    command = [sys.executable, "-m", "ensemble_desk", "registry", "list", "--json"]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert "Traceback" not in done.stderr


def test_exit_codes_have_their_names():
    assert (app.DONE, app.REFUSED, app.WRONG_USAGE) == (0, 1, 2)
