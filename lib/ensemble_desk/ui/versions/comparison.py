"""Two versions of one key side by side: only what differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ensemble_desk.figures import accuracy
from ensemble_desk.forecasting import batches
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, data, monitoring_data, wording
from ensemble_desk.ui.versions import timeline

_SKIPPED = (
    "feature_names",
    "globals",
    "model_predictions_sample",
    "performances",
    "reference_histograms",
    "sample_bars",
    "sample_features",
    "weights",
)
_SKIPPED_PARTS = ("evaluation.members", "evaluation.oof", "evaluation.confusion", "per_class")
# parts of an accuracy, which says nothing without its interval and baseline; the whole stands above
DIFFERENCE = "Difference"
_ALONE = ("ensemble_accuracy", "accuracy", "low", "high", "recall", "precision", "f1", "confusion")


def compare_two(key: Key, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Choose two versions in the two places given, and show what tells them apart."""
    records = data.versions(key)
    if len(records) < 2:  # noqa: PLR2004 - two versions
        components.empty(f"{key} has one version only.", "Train another one, then compare.", command=_train(key))
        return
    with left:
        first = components.version_picker(key, label="This version", first=records[0].version)
    others = [record for record in records if record.version != first.version]
    with right:
        second = components.version_picker(key, label="Beside", name="beside", only=others, first=others[0].version)
    told = data.manifest(key, first.version), data.manifest(key, second.version)
    _accuracies(first, second)
    _same_bars(second, first)
    members = _members(first, second, told)
    rest = differences(told[0], told[1], names=(first.version, second.version))
    _shown(members, rest, names=(first.version, second.version))
    _features(first, second, told)


def _train(key: Key) -> str:
    return f"desk train --symbol '{key.symbol}' --timeframe {key.timeframe}"


def _accuracies(first: VersionRecord, second: VersionRecord) -> None:
    points = [
        accuracy.Point(
            record.version,
            record.ensemble_accuracy,
            record.accuracy_low,
            record.accuracy_high,
            record.baseline_accuracy,
            record.n_holdout,
            record.n_eff,
            mark=record is first,
            note=wording.accuracy_of(record),
        )
        for record in (first, second)
    ]
    for record in (first, second):
        st.markdown(f"**{record.version}** {wording.accuracy_of(record)}")
    charts.show(
        caching.figure(accuracy.beside, points, baseline=None), key="compare", alt="Holdout accuracies with intervals"
    )
    st.caption(
        "Each was scored on its own holdout, so the intervals say how sure each is, not which is better: "
        f"that takes both on the same bars. {timeline.flattery(first.key)}"
    )


def _same_bars(first: VersionRecord, second: VersionRecord) -> None:
    """Both on the bars that both forecast since they were trained."""
    st.header("On the same bars", anchor=False)
    found = monitoring_data.side_by_side(first.key, first.version, second.version)
    if found is None or not found.n:
        st.caption(
            "There are no bars that both forecast, with the same label, after what either was trained on: replay them, "
            "then score what came."
        )
        return
    difference = found.daily
    told = f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]".replace("-", "−")
    st.markdown(
        f"**{second.version}** against **{first.version}**: **{found.daily_verdict}**, log-loss {told} on "
        f"{found.n:,} bars."
    )
    st.caption(
        f"An interval for daily looks; negative is better. {second.version} was right on "
        f"{wording.percent(found.second_accuracy.value)} of them, {first.version} on "
        f"{wording.percent(found.first_accuracy.value)}."
    )


def _members(first: VersionRecord, second: VersionRecord, told: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per member: weight and holdout accuracy in both versions side by side, each with its difference."""
    names = sorted({*first.weights, *second.weights}, key=lambda name: -first.weights.get(name, 0.0))
    return pd.DataFrame([_member(name, (first, second), told) for name in names])


def _member(
    name: str, records: tuple[VersionRecord, VersionRecord], told: Sequence[Mapping[str, Any]]
) -> dict[str, object]:
    weights = [record.weights.get(name) for record in records]
    right = [_valid(manifest, name) for manifest in told]
    return {
        "Member": name,
        **{f"Weight in {one.version}": _times_100(share) for one, share in zip(records, weights, strict=True)},
        "Weight, difference": _apart(*weights),
        **{
            f"Holdout accuracy in {one.version}": wording.accuracy_of_member(one, share)
            for one, share in zip(records, right, strict=True)
        },
        "Holdout accuracy, difference": _apart(*right),
    }


def _times_100(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _apart(one: float | None, other: float | None) -> float | None:
    """Points that the first has more than the second; a member that has no weight has none to compare."""
    return None if one is None or other is None else 100 * (one - other)


def _valid(told: Mapping[str, Any], member: str) -> float | None:
    value = ((told.get("performances") or {}).get(member) or {}).get("valid_accuracy")
    return None if value is None else float(value)


def _shown(members: pd.DataFrame, rest: pd.DataFrame, *, names: tuple[str, str]) -> None:
    first, second = names
    minus = f"{first} minus {second}"
    st.header("Weights and members", anchor=False)
    points = st.column_config.NumberColumn(format="%+.1f", help=f"Points, {minus}.")
    components.table(
        members,
        key="compare_members",
        alt="Weights and accuracies of the members side by side",
        columns={f"Weight in {name}": components.percent_column() for name in names}
        | {name: points for name in members.columns if str(name).endswith("difference")},
    )
    st.header("What else differs", anchor=False)
    if rest.empty:
        st.caption("Nothing else that the manifests tell.")
    else:
        components.table(rest, key="compare_rest", alt="Everything else that differs")
    st.caption(f"Differences: {minus}.")
    st.download_button(
        "Download the comparison",
        batches.harmless(_whole(members, rest, names=names)).to_csv(index=False),
        file_name=f"{first}_{second}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="compare_download",
    )


def _whole(members: pd.DataFrame, rest: pd.DataFrame, *, names: tuple[str, str]) -> pd.DataFrame:
    """Members and the rest in one table of the same columns."""
    rows = [
        {
            "What": f"{row['Member']} · {what.lower()}",
            **{name: row[f"{what} in {name}"] for name in names},
            DIFFERENCE: row[f"{what}, difference"],
        }
        for row in members.to_dict("records")
        for what in ("Weight", "Holdout accuracy")
    ]
    return pd.DataFrame([*rows, *rest.to_dict("records")], columns=["What", *names, DIFFERENCE])


def differences(left: Mapping[str, Any], right: Mapping[str, Any], *, names: tuple[str, str]) -> pd.DataFrame:
    """Give one row per told value that differs between two manifests; numbers with first minus second."""
    first, second = dict(_flat(left)), dict(_flat(right))
    rows = [
        {
            "What": name.replace("_", " ").replace(".", " · "),
            names[0]: _written(first.get(name)),
            names[1]: _written(second.get(name)),
            DIFFERENCE: _difference(first.get(name), second.get(name)),
        }
        for name in dict.fromkeys([*first, *second])
        if _written(first.get(name)) != _written(second.get(name))
    ]
    return pd.DataFrame(rows, columns=["What", *names, DIFFERENCE])


def _written(value: object) -> str | None:
    if value is None:
        return None
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _difference(one: object, other: object) -> float | None:
    numbers = [value for value in (one, other) if isinstance(value, int | float) and not isinstance(value, bool)]
    return float(f"{numbers[0] - numbers[1]:.4g}") if len(numbers) == 2 else None  # noqa: PLR2004 - both


def _flat(told: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in told.items():
        path = f"{prefix}{name}"
        if (not prefix and name in _SKIPPED) or path.startswith(_SKIPPED_PARTS) or name in (*_SKIPPED_PARTS, *_ALONE):
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}.")
        else:
            yield path, value


def _features(first: VersionRecord, second: VersionRecord, told: Sequence[Mapping[str, Any]]) -> None:
    st.header("Features", anchor=False)
    left, right = (list(manifest.get("feature_names") or []) for manifest in told)
    for record, mine, theirs in ((first, left, right), (second, right, left)):
        only = [f"`{name}`" for name in mine if name not in theirs]
        if only:
            st.markdown(f"Only in **{record.version}**: {', '.join(only)}")
    if left == right:
        st.caption(f"Both read the same {len(left)} features in the same order.")
    elif set(left) == set(right):
        st.caption("Both read the same features, in another order.")
