"""Pages of the site that lie elsewhere in the repository, where people look for them; a hook of MkDocs."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "results.md",
    "benchmarks/STATISTICS.md": "statistics.md",
}
"""Files of the repository and the names of their pages; links lead from one to the other on both sides."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for file, page in PAGES.items():
        text = (ROOT / file).read_text("utf-8").replace("](docs/", "](")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    del page, config, files
    for file, name in PAGES.items():
        markdown = markdown.replace(f"](../{file}", f"]({name}").replace(f"]({file}", f"]({name}")
    return markdown
