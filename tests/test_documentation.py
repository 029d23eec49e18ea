"""The papers keep up with the code: generated pages, command lines, names, links, and the site as a whole."""

import itertools
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
import typer.main
from docs import generate, outside_pages

from ensemble_desk.jobs import app
from ensemble_desk.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
GENERATED = generate.written()
BY_HAND = [*OUTSIDE, *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in generate.WHOLE_PAGES)]
ROOMS = {path.stem for path in (ROOT / "lib" / "ensemble_desk").iterdir()}


def text_of(pages):
    return "\n".join(page.read_text("utf-8") for page in pages)


def command_lines():
    blocks = re.findall(r"```bash\n(.*?)```", text_of(BY_HAND), re.DOTALL)
    return sorted({line for block in blocks for line in block.splitlines() if line.startswith("desk ")})


@pytest.mark.parametrize("page", GENERATED, ids=lambda page: page.name)
def test_a_generated_page_is_what_the_code_says(page):
    assert page.read_text("utf-8") == GENERATED[page], "run: python docs/generate.py"


@pytest.mark.parametrize("command", [path for path, _ in generate.commands()])
def test_a_command_is_used_on_a_page(command):
    assert any(f"{line} ".startswith(f"{command} ") for line in command_lines())


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
def test_a_setting_is_documented(field):
    assert f"`DESK_{field.upper()}`" in (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert Settings.model_fields[field].description


def test_every_make_target_is_documented():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY:"))
    told = text_of(OUTSIDE)
    assert [target for target in phony.split()[1:] if f"`make {target}`" not in told] == []


@pytest.mark.parametrize("line", command_lines())
def test_a_command_line_is_understood(line):
    words = itertools.takewhile(lambda word: word not in (">", "2>", "|"), shlex.split(line, comments=True)[1:])
    command, rest = typer.main.get_command(app.build()), list(words)
    while getattr(command, "commands", None):
        command = command.commands[rest.pop(0)]
    command.make_context("desk", rest)


@pytest.mark.parametrize("page", ["architecture.md", "methods.md", "security.md", "api.md"])
def test_what_a_page_names_is_there(page):
    words = re.findall(r"(?:`|::: )([A-Za-z_]+(?:\.[A-Za-z_]+)+)", (ROOT / "docs" / page).read_text("utf-8"))
    names = {word.removeprefix("ensemble_desk.") for word in words if not word.endswith((".py", ".toml"))}
    for name in names:
        if name.split(".")[0] in ROOMS:
            assert pkgutil.resolve_name(f"ensemble_desk.{name}") is not None


@pytest.mark.parametrize("page", OUTSIDE, ids=lambda page: page.name)
def test_a_link_leads_to_a_file(page):
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_site_is_built_and_asks_nobody_else(documentation_site):
    pages = sorted(documentation_site.glob("*.html"))
    assert {page.stem for page in pages} >= {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {Path(name).stem for name in outside_pages.PAGES.values()} <= {page.stem for page in pages}
    asked = re.compile(r"""<(?:script|img|iframe|source)[^>]+src="?(?:https?:)?//|<link[^>]+href="?(?:https?:)?//""")
    assert [page.name for page in pages if asked.search(page.read_text("utf-8"))] == []
    foreign = re.compile(r"(?:url\(|@import\s+)[\"']?(?:https?:)?//")
    assert [sheet.name for sheet in documentation_site.rglob("*.css") if foreign.search(sheet.read_text("utf-8"))] == []
