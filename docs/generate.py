"""Write the pages that the code itself knows: commands, settings, glossary, the law of imports in architecture.md.

``python docs/generate.py`` writes them; a test fails while what is committed differs from what this would write.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer.main
from pydantic.fields import FieldInfo

from ensemble_desk.jobs import app
from ensemble_desk.settings import Settings
from ensemble_desk.ui.frame.help.glossary import GLOSSARY

DOCS = Path(__file__).resolve().parent
WHOLE_PAGES = ("commands.md", "settings.md", "glossary.md")
ARCHITECTURE = DOCS / "architecture.md"
_LAW_BEGINS, _LAW_ENDS = "<!-- law: written by docs/generate.py -->\n", "<!-- end of the law -->"
_WRITTEN = "<!-- Written by docs/generate.py out of the code; change the texts there. -->\n"
_KINDS = {str: "text", int: "whole number", float: "number"}


def written() -> dict[Path, str]:
    """Give the text of every generated page by its file."""
    told = ARCHITECTURE.read_text("utf-8")
    before, rest = told.split(_LAW_BEGINS)
    return {
        DOCS / "commands.md": _commands(),
        DOCS / "settings.md": _settings(),
        DOCS / "glossary.md": _glossary(),
        ARCHITECTURE: f"{before}{_LAW_BEGINS}{_law()}{_LAW_ENDS}{rest.split(_LAW_ENDS)[1]}",
    }


def commands(command: Any = None, path: str = "desk") -> Iterator[tuple[str, Any]]:
    """Give every command by its whole name, in the order of the help."""
    command = command or typer.main.get_command(app.build())
    children = getattr(command, "commands", None)
    if not children:
        yield path, command
    for name, child in (children or {}).items():
        yield from commands(child, f"{path} {name}")


def _commands() -> str:
    program = typer.main.get_command(app.build())
    parts = [_WRITTEN, "# Commands\n", f"{program.help}\n", "`desk` and `python -m ensemble_desk` are the same.\n"]
    return "\n".join([*parts, *(_command(path, command) for path, command in commands(program))])


def _command(path: str, command: Any) -> str:
    context = command.make_context(path, [], resilient_parsing=True)
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([path, *(one.metavar for one in arguments), "[OPTIONS]"])
    text = f"## {path}\n\n{command.help}\n\n```text\n{usage}\n```\n"
    for title, params in (("argument", arguments), ("option", options)):
        rows = [one.get_help_record(context) for one in params]
        if rows:
            text += f"\n| {title} | |\n|---|---|\n" + "".join(
                f"| {_code(name)} | {_cell(said)} |\n" for name, said in rows
            )
    return text


def _settings() -> str:
    rows = "".join(
        f"| `DESK_{name.upper()}` | {_default(field)} | {_values(field)} | {_cell(field.description or '')} |\n"
        for name, field in Settings.model_fields.items()
    )
    return (
        f"{_WRITTEN}\n# Settings\n\nEnvironment variables, read once when a program starts. "
        "One that is set to nothing counts as not set.\n\n"
        f"| variable | default | values | meaning |\n|---|---|---|---|\n{rows}"
    )


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    here = f"{Path.cwd()}/"
    if isinstance(value, str) and value.startswith(here):
        return f"`{value.removeprefix(here)}/`"
    if not value and not isinstance(value, int | float):
        return "empty"
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"


def _values(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    bounds = [f"above {rule.gt:g}" for rule in field.metadata if hasattr(rule, "gt")]
    bounds += [f"at least {rule.ge:g}" for rule in field.metadata if hasattr(rule, "ge")]
    kind = next((word for known, word in _KINDS.items() if field.annotation is known), "text")
    return ", ".join([kind, *bounds])


def _glossary() -> str:
    """Tell every word of the pages, in alphabetical order."""
    rows = [f"| **{word}** | {_cell(meaning)} |" for word, meaning in sorted(GLOSSARY.items())]
    head = [
        _WRITTEN,
        "# Words of the pages\n",
        "What the help marks of the dashboard say.\n",
        "| word | meaning |",
        "|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def _law() -> str:
    """Draw the layers of every contract, each under its name."""
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    parts = ["\n"]
    for contract in (one for one in contracts if one["type"] == "layers"):
        where = contract["containers"][0].removeprefix("ensemble_desk").replace(".", "/").removeprefix("/")
        title = f"**{contract['name']}** (`{where or 'ensemble_desk'}/`)"
        parts += [title, "\n\n```text\n", "\n".join(contract["layers"]), "\n```\n\n"]
    return "".join(parts)


def _code(text: str) -> str:
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    for file, text in written().items():
        file.write_text(text, "utf-8")
