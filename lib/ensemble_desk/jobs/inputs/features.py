"""The command that lists a team's own features."""

import typer

from ensemble_desk.errors import FeatureSetError
from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import Json
from ensemble_desk.sources import feature_functions


def list_features(*, as_json: Json = False) -> None:
    """List the feature sets that the settings and installed packages name; exits 1 when one cannot be imported."""
    chosen = desk.settings().features
    told = []
    for name, place in feature_functions.places(chosen).items():
        digest, problem = "", ""
        try:
            digest = feature_functions.find(name, chosen).digest
        except FeatureSetError as error:
            problem = error.problem
        told.append({"name": name, "function": place, "digest": digest, "problem": problem})
    rows = [(one["name"], one["function"], one["digest"][:12], one["problem"]) for one in told]
    empty = "There are none. Name one: DESK_FEATURES=NAME=package.module:function"
    columns = ("name", "function", "digest", "problem")
    output.show(told, as_json=as_json, table=lambda: output.table(columns, rows, empty=empty))
    if any(one["problem"] for one in told):
        raise typer.Exit(1)


COMMANDS = {"list": list_features}
