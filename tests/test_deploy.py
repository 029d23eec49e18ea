"""What `deploy/` names is there: settings, extras, files, and units that systemd understands."""

import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from tests.conftest import ROOT

from ensemble_desk.settings import Settings

DEPLOY = ROOT / "deploy"
FILES = sorted(file for file in DEPLOY.rglob("*") if file.is_file())
KNOWN = {f"DESK_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_setting_that_is_named_is_one(file):
    assert set(re.findall(r"DESK_[A-Z_]+", file.read_text("utf-8"))) <= KNOWN


def test_an_image_holds_what_a_dashboard_needs_and_lets_nobody_act():
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    extras = re.search(r'"\.\[([a-z0-9,]+)\]"', text)[1].split(",")
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(extras) <= set(known)
    assert {"dashboard", "postgres", "s3"} <= set(extras)
    assert "DESK_LOCAL_ADMIN=token" in text
    copied = re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE)
    assert [name for line in copied for name in line.split() if not (ROOT / name).exists()] == []
    assert "USER desk" in text


def test_the_services_are_whole_and_hold_no_secret():
    told = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    services = told["services"]
    assert set(services) == {"dashboard-1", "dashboard-2", "scheduler", "web", "database", "bucket"}
    environment = services["dashboard-1"]["environment"]
    assert (environment["DESK_LOCAL_ADMIN"], environment["DESK_MODELS_URL"]) == ("token", "s3://models/desk")
    assert not {name for name in environment if re.search("PASSWORD|SECRET|KEY|DATABASE_URL", name)}
    named = {volume.partition(":")[0] for one in services.values() for volume in one.get("volumes", ())}
    assert {name for name in named if not name.startswith(".")} == set(told["volumes"])
    assert (DEPLOY / "nginx.conf").is_file()


@pytest.mark.parametrize("unit", [file for file in FILES if file.parent.name == "systemd"], ids=lambda file: file.name)
def test_a_unit_is_understood(unit, tmp_path):
    text = unit.read_text("utf-8")
    if shutil.which("systemd-analyze") is None:
        return
    there = re.sub(r"^(ExecStart=)\S+", r"\1/bin/true", text, flags=re.MULTILINE)
    for name in (unit.name, unit.name.replace(".timer", ".service")):
        (tmp_path / name).write_text("[Service]\nExecStart=/bin/true\n")
    (tmp_path / unit.name).write_text(there)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in done.stderr.splitlines() if unit.stem in line] == []
