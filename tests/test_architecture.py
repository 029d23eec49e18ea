"""The house rules no linter knows: what pages may hold, how long modules grow, which bytes are never loaded."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted((ROOT / "pages").glob("*.py"))
MODULES = sorted((ROOT / "lib").rglob("*.py"))
MOST_PAGE_LINES = 90
MOST_MODULE_LINES = 300
MOST_FILES = 16  # fifteen and the room's own __init__
PAGE_IMPORTS = (
    "streamlit",
    "ensemble_desk.ui",
    "ensemble_desk.figures",
    "ensemble_desk.market",
    "ensemble_desk.registry.entities",
    "datetime",
)
PAGE_NAMES = (
    "overview",
    "versions",
    "performance",
    "predict",
    "drift",
    "rollback",
    "training_runs",
    "activity",
    "move",
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_every_page_is_there():
    assert {page.stem for page in PAGES} == set(PAGE_NAMES)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_page_reads_like_a_table_of_contents(page):
    text = page.read_text("utf-8")
    tree = ast.parse(text)
    logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Try, ast.While)
    assert len(text.splitlines()) <= MOST_PAGE_LINES
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, logic)] == []
    assert [name for name in imported(tree) if not name.startswith(PAGE_IMPORTS)] == []
    assert not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE)\b", text)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_a_page_guards_itself_first(page):
    calls = [node.value for node in ast.parse(page.read_text("utf-8")).body if isinstance(node, ast.Expr)]
    first = next(call for call in calls if isinstance(call, ast.Call))
    assert ast.unparse(first.func) == "shell.open_page"


def test_no_folder_outgrows_its_rooms():
    folders = {module.parent for module in MODULES}
    counts = {relative(folder): len([*folder.glob("*.py")]) for folder in folders if folder.name != "versions"}
    assert {name: count for name, count in counts.items() if count > MOST_FILES} == {}


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_a_file_does_not_repeat_the_name_of_its_room(module):
    assert module.stem != module.parent.name


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_a_module_has_one_subject(module):
    text = module.read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MOST_MODULE_LINES
    assert docstring
    assert docstring.splitlines()[0].endswith((".", "?"))


def test_nothing_loads_unsafe_bytes():
    unsafe = re.compile(r"pickle\.loads?\(|joblib\.load\(|allow_pickle=True|torch\.load\(|unsafe_allow_html")
    found = [relative(path) for path in (*MODULES, *PAGES, ROOT / "app.py") if unsafe.search(path.read_text("utf-8"))]
    assert found == [
        "lib/ensemble_desk/artifacts/export/originals.py"
    ]  # a team's own file, after `desk export --trust`


def test_only_settings_reads_the_environment():
    reads = re.compile(r"os\.environ|os\.getenv|\bgetenv\(")
    found = [relative(path) for path in MODULES if reads.search(path.read_text("utf-8"))]
    assert found == ["lib/ensemble_desk/settings.py"]


def test_colours_live_in_one_place():
    colour = re.compile(r"#[0-9a-fA-F]{6}\b")
    found = [relative(path) for path in (*MODULES, *PAGES) if colour.search(path.read_text("utf-8"))]
    assert found in ([], ["lib/ensemble_desk/figures/style/palette.py"])


def test_the_law_of_imports_holds():
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


READ_ONLY = """
import sys
import ensemble_desk.loader
heavy = {"sqlalchemy", "sklearn", "scipy", "streamlit", "plotly", "prophet", "arch", "torch", "talib", "statsmodels"}
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_the_loader_is_cheap():
    done = subprocess.run([sys.executable, "-c", READ_ONLY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
