"""The command that asks one version: about the newest row with its reasons, or about many rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from ensemble_desk.ensemble import attribution
from ensemble_desk.forecasting import batches, explaining, uploads
from ensemble_desk.forecasting.explaining import Reasons
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json, KeepAs, Symbol, Timeframe
from ensemble_desk.jobs.inputs import file_options, files
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.recognition import Fact, Recognised

_MOST_REASONS = 8


@file_options.answered
def predict(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Bars or ready features as CSV, Excel or Parquet; else bars of the source."),
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="The version to ask; production's by default.")
    ] = None,
    against: Annotated[str | None, typer.Option("--against", help="A second version on the same rows.")] = None,
    answers: Answers,
    keep_as: KeepAs = None,
    batch: Annotated[
        str | None, typer.Option("--batch", metavar="N|all", help="Forecast the newest N rows, or all of them.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the batch to this .csv or .parquet file.")] = None,
    as_json: Json = False,
) -> None:
    """Forecast the newest row with its reasons, or many rows with --batch."""
    key = arguments.key(symbol, timeframe)
    rows, write = _batch_size(batch), _writer(out, batch)
    with desk.registry() as registry:
        asked = _Asked(registry, key, version or production.read(registry, key).version or "")
        frame, recognised = asked.frame(file, answers, keep_as)
        if batch is None:
            _show_one(asked, frame, recognised, against=against, as_json=as_json)
        else:
            table = batches.forecast(registry, key, asked.version, frame, last=rows)
            if out is not None:
                files.write(out, write(table))
            _show_batch(table, out, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which version is asked; an empty name stands for a key whose production has none."""

    registry: Registry
    key: Key
    version: str

    def frame(self, file: Path | None, answers: Answers, keep_as: str | None) -> tuple[pd.DataFrame, Recognised | None]:
        """Bars of the source, or what a file holds for this version and how its bars were recognised."""
        if not self.version:
            raise serving.untrained(self.registry, self.key)
        if file is None:
            return self.registry.source.bars(self.key).frame, None
        limit = int(self.registry.settings.max_upload_mb * 2**20)
        content = files.read(file, most_bytes=limit)
        found = uploads.read(
            self.registry,
            self.key,
            self.version,
            content,
            file_name=file.name,
            answers=answers,
            now=self.registry.clock(),
        )
        if keep_as is not None and found.recognised is not None:
            uploads.keep_mapping(self.registry, keep_as, content, file_name=file.name, said=answers)
            output.note(f"kept as {keep_as}: files of this shape are read so from now on")
        return found.frame, found.recognised


def _show_one(
    asked: _Asked, frame: pd.DataFrame, recognised: Recognised | None, *, against: str | None, as_json: bool
) -> None:
    result = serving.ensemble_of(asked.registry, asked.key, asked.version).predict(frame)
    why = explaining.explain(asked.registry, asked.key, asked.version, frame, weights_used=result["weights_used"])
    facts = () if recognised is None else recognised.facts
    told = _told(result) | _reasons(why, result["label"]) | {"recognised": [output.row(fact) for fact in facts]}
    told["warnings"] = [] if recognised is None else [output.row(warned) for warned in recognised.warnings]
    if against is not None:
        told["against"] = _told(serving.ensemble_of(asked.registry, asked.key, against).predict(frame))
    output.show(told, as_json=as_json, table=lambda: _prediction_table(asked.key, told, facts))


def _reasons(why: Reasons, label: str) -> dict[str, Any]:
    """What features add to the label's probability, strongest first, and those outside the training range."""
    pooled, number = why.explanation.pooled, CLASSES.index(label)
    order = [] if pooled is None else attribution.ranked(pooled, label=number, most=len(pooled.features))
    return {
        "contributions": {}
        if pooled is None
        else {pooled.features[at]: float(pooled.contributions[at, number]) for at in order},
        "explained_share": why.explanation.share,
        "unexplained": dict(why.explanation.unexplained),
        "outside_training_range": [output.row(one) for one in why.outside],
    }


def _batch_size(text: str | None) -> int | None:
    """Read how many rows a batch takes; None: all of them."""
    if text is None or text.strip().lower() == "all":
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        message = f"{text!r} is no number of rows; say a whole number such as 250, or all"
        raise typer.BadParameter(message)
    return int(text)


def _writer(out: Path | None, batch: str | None) -> Callable[[pd.DataFrame], bytes]:
    """Choose how a batch is written, by the name of the file."""
    writers = {".csv": batches.to_csv, ".parquet": batches.to_parquet}
    if out is not None and batch is None:
        message = "--out goes with --batch"
        raise typer.BadParameter(message)
    if out is not None and out.suffix.lower() not in writers:
        message = f"{out.name} ends in neither .csv nor .parquet"
        raise typer.BadParameter(message)
    return writers[out.suffix.lower() if out is not None else ".csv"]


def _show_batch(table: pd.DataFrame, out: Path | None, *, as_json: bool) -> None:
    if out is not None:
        output.note(f"{len(table):,} rows written to {out}")
        counts = {name: int((table["label"] == name).sum()) for name in CLASSES}
        told = {"file": str(out), "rows": len(table), "labels": counts}
        output.show(told, as_json=as_json, table=lambda: output.table(("", ""), list(told.items()), empty=""))
        return
    rows = table.reset_index(names="row").astype(object).where(lambda frame: frame.notna(), None)
    records = [{str(name): _plain(cell) for name, cell in record.items()} for record in rows.to_dict("records")]
    shown = ("row", "label", "confidence", *CLASSES, "agreement", "lean", "version")
    lines = [tuple(record[name] for name in shown) for record in records]
    output.show(records, as_json=as_json, table=lambda: output.table(shown, lines, empty="There are no rows."))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _told(result: Mapping[str, Any]) -> dict[str, Any]:
    first = ("label", "confidence", "agreement", "probabilities", "version", "as_of")
    return {name: result[name] for name in first} | {name: value for name, value in result.items() if name not in first}


def _prediction_table(key: Key, result: Mapping[str, Any], recognised: Sequence[Fact]) -> None:
    facts: list[tuple[str, object]] = [
        ("key", key),
        ("version", result["version"]),
        ("as of", result["as_of"]),
        ("horizon", f"{result['horizon']} ({result['horizon_bars']} bars)" if result["horizon"] else "unknown"),
        ("label", result["label"]),
        ("confidence", output.percent(result["confidence"])),
        ("agreement", output.percent(result["agreement"])),
        ("lean", output.lean(result["lean"], result["edges"])),
        ("probabilities", result["probabilities"]),
        ("usual rates", result["usual_rates"] or "unknown"),
    ]
    facts += [
        (name, f"{vote['label']}, weight {output.percent(vote['weight'])}")
        for name, vote in result["component_predictions"].items()
    ]
    facts += [(f"{name} expects", output.moves(moves)) for name, moves in result["bands"].items()]
    facts += [(name, f"abstains: {reason}") for name, reason in result["abstentions"].items()]
    if other := result.get("against"):
        facts.append((f"against {other['version']}", f"{other['label']} {output.percent(other['confidence'])}"))
        facts += [
            (f"{name} of {other['version']}", f"{vote['label']}, weight {output.percent(vote['weight'])}")
            for name, vote in other["component_predictions"].items()
        ]
    strongest = list(result["contributions"].items())[:_MOST_REASONS]
    facts += [("speaks for it", _in_points(strongest, for_it=True)), ("speaks against it", _in_points(strongest))]
    facts += [
        ("outside the training range", f"{one['feature']} {one['value']:.4g} ({one['low']:.4g} to {one['high']:.4g})")
        for one in result["outside_training_range"]
    ]
    facts += [(f"recognised {fact.what}", fact.value) for fact in recognised]
    output.table(("", ""), facts, empty="")


def _in_points(contributions: Sequence[tuple[str, float]], *, for_it: bool = False) -> str:
    chosen = [(name, share) for name, share in contributions if (share > 0) == for_it]
    return ", ".join(f"{name} {100 * share:+.1f} points" for name, share in chosen)
