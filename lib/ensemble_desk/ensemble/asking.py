"""Who votes at one horizon of a version, what they read of a frame, and the two ways to let them vote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ensemble_desk.ensemble import ballot, inputs, newest
from ensemble_desk.ensemble.ballot import Ballot, Progress
from ensemble_desk.ensemble.injected import Traits
from ensemble_desk.ensemble.inputs import Needs
from ensemble_desk.ensemble.votes import Member, Rows
from ensemble_desk.market import frames


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Who votes at one horizon, with which weights, by which label and temperature."""

    members: Mapping[str, Member]
    shares: Mapping[str, float]
    traits: Traits
    basis: str
    silent: Mapping[str, str]
    needs: Needs

    def read(self, df: pd.DataFrame, time_zone: str | None = None, *, newest: bool = False) -> Rows:
        of_features, timeframe = self.basis != "derived", self.traits.timeframe
        if of_features and frames.is_timed(df.index, timeframe) and (rows := inputs.ready(df, self.needs)):
            return rows
        df = frames.read(df, timeframe=timeframe, time_zone=time_zone, keep=self.needs.names)
        if not of_features:
            return inputs.read_prices(df)
        return inputs.read_for(df, self.needs, version=_named(self.traits), newest=newest)

    def newest(self, rows: Rows) -> dict[str, Any]:
        traits = self.traits
        return newest.forecast(self.members, self.shares, rows, label=traits.label, temperature=traits.temperature)

    def vote(self, rows: Rows, *, progress: Progress | None = None) -> Ballot:
        label, temperature = self.traits.label, self.traits.temperature
        return ballot.collect(self.members, self.shares, rows, label=label, temperature=temperature, progress=progress)


def _named(traits: Traits) -> str:
    return f"version {traits.version}" if traits.version else "the version"
