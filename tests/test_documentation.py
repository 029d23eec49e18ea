"""The README names every command and every setting."""

from pathlib import Path

import pytest
import typer.main
from typer import Typer

from ensemble_desk.jobs import app
from ensemble_desk.settings import Settings

README = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")
MAKEFILE = (Path(__file__).resolve().parent.parent / "Makefile").read_text("utf-8")


def commands(program: Typer) -> list[str]:
    found = []

    def walk(command, path):
        children = getattr(command, "commands", None)
        if not children:
            found.append(path.strip())
        for name, child in (children or {}).items():
            walk(child, f"{path} {name}")

    walk(typer.main.get_command(program), "")
    return found


@pytest.mark.parametrize("command", commands(app.build()))
def test_a_command_is_documented(command):
    assert f"desk {command}" in README


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_a_setting_is_documented(field):
    assert f"`DESK_{field.upper()}`" in README


def test_every_make_target_is_documented():
    phony = next(line for line in MAKEFILE.splitlines() if line.startswith(".PHONY:"))
    missing = [target for target in phony.split()[1:] if f"`make {target}`" not in README]
    assert missing == []
