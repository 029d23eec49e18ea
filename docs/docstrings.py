"""Docstrings as the site shows them: what stands beside a name is its description, and prose stays prose."""

import re
from typing import Any

from griffe import Extension, Object

_ENTRY = re.compile(r"^(?P<indent> *)(?P<names>\w+(?:, \w+)*) : (?P<said>\S.*)$", re.MULTILINE)
_SECTION = re.compile(r"^(?P<title>Raises|Returns)\n-+\n(?P<said>(?:.+\n?)+)", re.MULTILINE)
_ERROR, _ERRORS = re.compile(r"\w+Error\b"), re.compile(r"Errors?$")
_ROLE = re.compile(r":(?:py:)?(?:mod|class|func|meth|attr|data):`[~.]*([^`]+)`")


class PlainNumpydoc(Extension):
    """Tell griffe that ``name : what it is`` holds no type, and that errors and results are told in sentences."""

    def on_object(self, *, obj: Object, **kwargs: Any) -> None:
        del kwargs
        if obj.docstring is not None:
            told = _ENTRY.sub(r"\g<indent>\g<names>\n\g<indent>    \g<said>", obj.docstring.value)
            told = _SECTION.sub(lambda found: f"**{found['title']}**\n\n{_listed(found['said'])}\n", told)
            obj.docstring.value = _ROLE.sub(r"`\1`", told)


def _listed(said: str) -> str:
    """Make a list of a section: an item begins with an error, and what stands below it says when."""
    items: list[str] = []
    for line in said.splitlines():
        if not items or _ERROR.match(line):
            items.append(line)
        else:
            items[-1] += f"{':' if _ERRORS.search(items[-1]) else ''} {line.strip()}"
    return "\n".join(f"- {item}" for item in items)
