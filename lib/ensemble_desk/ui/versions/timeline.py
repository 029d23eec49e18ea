"""The versions of one key through time: how good each was, how it was weighted, and what was live when."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from ensemble_desk.evaluation import shrinkage
from ensemble_desk.figures import accuracy, live, members
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment, State, VersionRecord
from ensemble_desk.registry.ledger import history
from ensemble_desk.ui.frame import caching, charts, components, data, wording
from ensemble_desk.ui.time_axis.ranges import Range

_MOST_VERSIONS = 40  # more than this many are no longer told apart in one chart


def accuracies(key: Key) -> None:
    """Accuracy of each version with its interval and baseline, oldest first."""
    records = data.versions(key)[:_MOST_VERSIONS][::-1]
    known = [point(record) for record in records if record.ensemble_accuracy is not None]
    if not known:
        components.empty("No version of this key tells an accuracy.", "Versions trained here do; train one.")
        return
    charts.show(
        caching.figure(accuracy.timeline, known), key="timeline", alt=f"Holdout accuracy of the versions of {key}"
    )
    st.caption(
        "Holdout accuracy with its 95 % interval on effectively independent outcomes; the short line is the majority "
        f"baseline of the same holdout. Grey rests on fewer than 20 of them. {flattery(key)}"
    )


def flattery(key: Key) -> str:
    """Say what the best of several versions shows and what it is likely worth."""
    known = [one for one in data.versions(key) if one.ensemble_accuracy is not None and one.n_eff]
    if len(known) < 2:  # noqa: PLR2004 - a choice takes two
        return ""
    values = [float(one.ensemble_accuracy or 0.0) for one in known]
    chance = [value * (1 - value) / float(one.n_eff or 1.0) for value, one in zip(values, known, strict=True)]
    worth = shrinkage.shrunken(values, chance)
    best = max(range(len(values)), key=values.__getitem__)
    return (
        f"Choosing the best of {len(values)} by its holdout flatters it: {known[best].version} shows "
        f"{100 * values[best]:.1f} %, and is likely worth about {100 * worth[best]:.1f} %."
    )


def point(record: VersionRecord) -> accuracy.Point:
    return accuracy.Point(
        name=record.version,
        accuracy=record.ensemble_accuracy,
        low=record.accuracy_low,
        high=record.accuracy_high,
        baseline=record.baseline_accuracy,
        n=record.n_holdout,
        n_eff=record.n_eff,
        mark=record.state == State.IN_PRODUCTION,
        note=wording.accuracy_of(record),
    )


def weights(key: Key) -> None:
    """Weights of the members through the versions, oldest first."""
    told = {
        record.version: dict(record.weights) for record in data.versions(key)[:_MOST_VERSIONS][::-1] if record.weights
    }
    if not told:
        components.empty("No version of this key tells weights.")
        return
    charts.show(caching.figure(members.weights, told), key="weights", alt=f"Weights of the members of {key} by version")


def live_strip(key: Key, *, over: Range | None = None) -> None:
    """What was live when, by the deployments."""
    moves = data.deployments(key)
    until = components.now().replace(second=0, microsecond=0)  # what lives grows; a new chart every minute will do
    spans = spans_of(moves, until=max([until, *(row.at for row in moves[:1])]))
    if not spans:
        components.empty("Nothing of this key has been live yet.")
        return
    since = None if over is None else over.back_from(until).since
    charts.show(caching.figure(live.strip, spans, since=since), key="live", alt=f"Which version of {key} was live when")


def spans_of(deployments: Sequence[Deployment], *, until: datetime) -> list[live.Span]:
    """Turn moves (newest first) into spans, oldest first; refused attempts moved nothing."""
    changes = history.changes(deployments)
    ends = [row.at for row in changes[1:]] + [until]
    return [
        live.Span(
            version=row.to_version,
            start=row.at,
            end=end,
            note=f"{row.action} by {row.actor}: {row.reason}",
            live=row is changes[-1],
        )
        for row, end in zip(changes, ends, strict=True)
        if row.to_version is not None
    ]
