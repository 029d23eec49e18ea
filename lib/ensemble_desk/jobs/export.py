"""The command that turns a team's own file into a version without a pickle, run where the team's libraries are.

It is the only one that unpickles: the file that is named, after ``--trust``, and never anything in a models folder that
is served.
"""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ensemble_desk import settings
from ensemble_desk.errors import UploadError
from ensemble_desk.jobs import output
from ensemble_desk.jobs.arguments import Json
from ensemble_desk.jobs.inputs import files

_FOLDER = "exported"
_MOST_SAMPLE_BYTES = 2**26
_MOST_GRAPH_BYTES = 2**26

_File = Annotated[Path, typer.Argument(metavar="FILE", help="The team's file, SYMBOL_TIMEFRAME_YYYYMMDD.pkl.")]
_Out = Annotated[Path | None, typer.Option("--out", help=f"Folder to write to; {_FOLDER}/ beside the file by default.")]
_Sample = Annotated[
    Path | None, typer.Option("--sample", help="CSV with rows of features to compare on, one column for each feature.")
]
_Graphs = Annotated[
    list[str] | None,
    typer.Option("--onnx", metavar="MEMBER=FILE", help="ONNX file that you made of a member; may be repeated."),
]
_Classes = Annotated[
    str | None, typer.Option("--classes", help="Classes in the order of the columns, for a model that tells none.")
]
_Trust = Annotated[
    bool, typer.Option("--trust", help="The file is our own: exporting unpickles it, which runs whatever it holds.")
]


def export(
    file: _File,
    *,
    out: _Out = None,
    sample: _Sample = None,
    onnx: _Graphs = None,
    classes: _Classes = None,
    trust: _Trust = False,
    as_json: Json = False,
) -> None:
    """Write a version without a pickle from a team's own file; run it where the file was made.

    Trees become arrays, other members ONNX graphs. Every member must answer as its original does, by 1e-6, on the
    sample; rows and answers are kept in the version and compared again wherever it is registered.
    """
    from ensemble_desk.artifacts.export import exporting, writing

    found = exporting.export(
        file,
        trusted=trust,
        sample=None if sample is None else _table(sample),
        graphs=_graphs(onnx or []),
        classes=None if classes is None else tuple(_label(one) for one in classes.split(",")),
    )
    folder = out or file.parent / _FOLDER
    most = settings.load().max_artifact_bytes
    written = writing.write(found, folder, created_at=datetime.now(UTC), max_bytes=most)
    told = {
        "symbol": found.key.symbol,
        "timeframe": found.key.timeframe,
        "version": written.version,
        "artifact": str(written.artifact),
        "manifest": str(written.manifest),
        "sha256": written.sha256,
        "size_bytes": written.size_bytes,
        "members": [
            {"member": name, "form": form, "largest_difference": found.differences.get(name)}
            for name, form in found.forms.items()
        ],
        "left_out": found.dropped,
    }

    def table() -> None:
        rows = [(name, form, _difference(found.differences.get(name))) for name, form in found.forms.items()]
        output.table(("member", "served as", "largest difference"), rows, empty="")
        output.note(
            f"wrote {written.artifact} and its manifest; put both into the models folder, then: desk registry sync"
        )
        if found.dropped:
            output.note(f"left out, for it has no plain form: {', '.join(found.dropped)}")

    output.show(told, as_json=as_json, table=table)


def _difference(distance: float | None) -> str:
    return "–" if distance is None else f"{distance:.1e}"


def _table(file: Path) -> pd.DataFrame:
    data = files.read(file, most_bytes=_MOST_SAMPLE_BYTES)
    try:
        return pd.read_csv(io.BytesIO(data))
    except (ValueError, UnicodeError) as error:  # errors of its parser are ValueErrors
        raise UploadError(file.name, [f"it is no CSV with a heading ({error})"]) from error


def _graphs(given: list[str]) -> dict[str, bytes]:
    found = {}
    for one in given:
        member, equals, path = one.partition("=")
        if not (member and equals and path):
            message = f"{one!r} is not MEMBER=FILE"
            raise typer.BadParameter(message, param_hint="--onnx")
        found[member] = files.read(Path(path), most_bytes=_MOST_GRAPH_BYTES)
    return found


def _label(text: str) -> str | int:
    """Read one class: a whole number, or a name."""
    text = text.strip()
    return int(text) if text.lstrip("-").isdecimal() else text
