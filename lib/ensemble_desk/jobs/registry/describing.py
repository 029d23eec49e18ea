"""The command that tells once what files do not tell."""

from collections.abc import Callable
from typing import Annotated

import typer

from ensemble_desk.artifacts.descriptions import OF_NAME, Description
from ensemble_desk.ensemble.members.classes import spelled
from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import ActorName, Json
from ensemble_desk.registry.folder import describing
from ensemble_desk.registry.folder.describing import Described
from ensemble_desk.registry.index.descriptions import Scope


def describe(
    scope: Annotated[
        str,
        typer.Argument(metavar="KEY[/VERSION]", help="AAPL/d1, AAPL/d1/20250121, or a pattern: '*/d1', 'AAPL/*'."),
    ],
    *,
    horizon: Annotated[int | None, typer.Option("--horizon", min=1, help="Bars ahead that are forecast.")] = None,
    threshold: Annotated[
        float | None, typer.Option("--threshold", min=0, help="Log return beyond which a move counts, such as 0.009.")
    ] = None,
    multiplier: Annotated[
        float | None, typer.Option("--multiplier", help="The same as a multiple of the trailing volatility.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option("--classes", help="What class labels mean: DOWN=BEARISH,FLAT=NEUTRAL,UP=BULLISH.")
    ] = None,
    features: Annotated[str | None, typer.Option("--features", help="Name of the feature set they read.")] = None,
    trained_from: Annotated[
        str | None, typer.Option("--trained-from", metavar="DATE", help="First day of the training data.")
    ] = None,
    trained_until: Annotated[
        str | None,
        typer.Option(
            "--trained-until",
            metavar="DATE",
            help=f"Last day of the training data; {OF_NAME}: the day that names each version.",
        ),
    ] = None,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Tell once what the files of versions do not tell; it holds for later versions, too."""
    told = Description(
        horizon_bars=horizon,
        threshold=threshold,
        multiplier=multiplier,
        classes=meaning(classes) if classes else None,
        features=features,
        trained_from=trained_from,
        trained_until=trained_until,
    )
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = describing.describe(registry, Scope.parse(scope), told, actor=who)
    output.show(done, as_json=as_json, table=lambda: _table(done))


def meaning(text: str) -> dict[str, str]:
    """Read DOWN=BEARISH,UP=BULLISH."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not sign or not name.strip() for name, sign, _ in pairs):
        message = f"{text!r} tells no classes; write DOWN=BEARISH,FLAT=NEUTRAL,UP=BULLISH"
        raise typer.BadParameter(message)
    return {spelled(name): said.strip().upper() for name, _, said in pairs}


def _table(done: Described) -> None:
    rows = [("of", done.scope), ("told", done.told), ("versions", done.n_versions), ("left alone", done.n_own)]
    rows += [("followed", key) for key in done.followed]
    rows += [("unfit", f"{name}: {reason}") for name, reason in done.unfit.items()]
    output.table(("", ""), rows, empty="")


COMMANDS: dict[str, Callable[..., None]] = {"describe": describe}
