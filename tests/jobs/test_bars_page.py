"""The page about bars from files names every option there is, and none that there is not."""

import re
from pathlib import Path

import typer

from ensemble_desk.jobs.app import build

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bars.md"
OF_OTHERS = {"--file", "--json"}


def options(*names):
    command = typer.main.get_command(build())
    for name in names:
        command = command.commands[name]
    return {
        one for parameter in command.params for one in (*parameter.opts, *parameter.secondary_opts) if one[:2] == "--"
    }


def test_every_option_of_an_import_is_on_the_page_and_no_other():
    said = set(re.findall(r"--[a-z][a-z-]+", PAGE.read_text("utf-8")))
    known = options("bars", "import")
    assert known - said - {"--help"} == set()
    assert said - known - options("bars", "mappings") - OF_OTHERS == set()


def test_predict_takes_the_same_answers():
    of_many = {"--all", "--shard", "--symbols-from", "--jobs"}
    assert options("bars", "import") - options("predict") <= {"--symbol", "--timeframe", "--yes", "--help"} | of_many
