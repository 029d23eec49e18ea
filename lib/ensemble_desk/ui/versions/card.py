"""The card of one version: everything it tells about itself, read from the index without opening its file."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.market import aims, usual_rates
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import components, data, wording
from ensemble_desk.ui.frame.news import noting
from ensemble_desk.ui.versions import describing


def card(record: VersionRecord) -> None:
    told = data.manifest(record.key, record.version)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header(f"{record.key} · {record.version}", anchor=False, width="content")
            components.state_badge(record)
            components.age_badge(record)
            if record.previously_live:
                st.badge("Previously live", icon=":material/history:", color="gray")
            if record.leakage_suspected:
                st.badge("Leakage suspected", icon=":material/water_drop:", color="red")
        components.accuracy_line(record)
        if record.problem or record.quarantine_reason:
            st.warning(
                wording.plain(record.problem or f"Quarantined: {record.quarantine_reason}"),
                icon=":material/front_hand:",
            )
        left, right = st.columns(2, gap="large")
        with left:
            components.facts(_what(record, told), alt="What the version learnt")
        with right:
            components.facts(_where(record, told), alt="Where the version comes from")
    describing.told(record)
    describing.form(record)
    noting.of_version(record)
    st.header("Members", anchor=False)
    members(record, told, key="card_members")
    left, right = st.columns(2, gap="large")
    with left, st.expander(f"{len(told.get('feature_names') or [])} features, in order", icon=":material/list:"):
        st.markdown(
            wording.plain(", ".join(str(name) for name in told.get("feature_names") or []))
            or "Not told by the artifact."
        )
    with left, st.expander("Code its file needs", icon=":material/code:"):
        _code_surface(told)
    with right, st.expander("Libraries, then and now", icon=":material/package_2:"):
        _libraries(told)


def _what(record: VersionRecord, told: Mapping[str, Any]) -> dict[str, object]:
    aim = aims.of_content(told, timeframe=record.key.timeframe)
    label = aim.label.to_dict() if aim.label else None
    return {
        "Horizon": aim.horizon or wording.UNKNOWN,
        "Label": wording.label_in_words(label, timeframe=record.key.timeframe),
        "Data": f"{wording.day(record.first_bar)} to {wording.day(record.last_bar)}",
        "Bars": _bars(told.get("data_window") or {}),
        "Bars from": _told(told, "bars_source"),
        "Features": len(told.get("feature_names") or []) or wording.UNKNOWN,
        "Calibration": _calibration(told.get("temperature")),
        "Usual rates": wording.usual_rates(usual_rates.of_content(told)),
        "Against usual rates": wording.holdout_skill(told.get("evaluation") or {}),
        "Leakage marks": wording.plain(", ".join((told.get("evaluation") or {}).get("leakage") or [])) or "none",
    }


def _calibration(temperature: float | None) -> str:
    if not temperature:
        return wording.UNKNOWN
    meaning = "confidences toned down" if temperature > 1 else "confidences sharpened"
    return f"temperature {temperature:.2f}{f': {meaning}' if round(temperature, 2) != 1 else ''}"


def _where(record: VersionRecord, told: Mapping[str, Any]) -> dict[str, object]:
    return {
        "Created": wording.time(record.created_at),
        "Training run": f"number {record.run_id}" if record.run_id else wording.UNKNOWN,
        "File": f"`{record.file_name}`",
        "Size": wording.size(record.size_bytes),
        "SHA-256": f"`{record.sha256}`",
        "Code revision": _told(told, "code_revision")[:12],
        "Format": told.get("schema_version") or "plain: the guide's keys only",
        "Seed": _told(told, "seed"),
    }


def _told(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return wording.UNKNOWN if value in (None, "") else wording.plain(str(value))


def _bars(window: Mapping[str, Any]) -> str:
    whole, labelled = window.get("n_bars"), window.get("n_labelled")
    return f"{whole:,}, of which {labelled:,} labelled" if whole and labelled else wording.UNKNOWN


def members(record: VersionRecord, told: Mapping[str, Any], *, key: str) -> None:
    """One row per member: weight, accuracy on seen and unseen rows, and the gap between them."""
    performances: Mapping[str, Mapping[str, Any]] = told.get("performances") or {}
    abstained = (told.get("evaluation") or {}).get("abstained") or {}
    names = sorted({*performances, *record.weights, *abstained}, key=lambda name: -record.weights.get(name, 0.0))
    rows = [_member(name, record, performances.get(name) or {}, abstained.get(name, "")) for name in names]
    frame = pd.DataFrame(rows).dropna(axis="columns", how="all")
    percentages = [name for name in frame.columns if name not in ("Member", "Holdout accuracy", "Features", "Remark")]
    frame[percentages] *= 100
    share = components.percent_column()
    components.table(
        frame,
        key=key,
        alt="Members with weights and accuracies",
        columns=dict.fromkeys(percentages, share)
        | {
            "Overfit gap": st.column_config.NumberColumn(
                format="%+.1f points", help="Train minus holdout accuracy: what was learnt by heart."
            )
        },
    )


def _member(name: str, record: VersionRecord, told: Mapping[str, Any], remark: str) -> dict[str, object]:
    train, valid = told.get("train_accuracy"), told.get("valid_accuracy")
    return {
        "Member": name,
        "Weight": record.weights.get(name),
        "Train accuracy": train,
        "Holdout accuracy": None if valid is None else wording.accuracy_of_member(record, float(valid)),
        "Overfit gap": None if train is None or valid is None else train - valid,
        "Precision": told.get("precision"),
        "Recall": told.get("recall"),
        "F1": told.get("f1"),
        "Features": told.get("n_features"),
        "Remark": remark or None,
    }


def _code_surface(told: Mapping[str, Any]) -> None:
    names = told.get("globals") or []
    st.caption("What the file asks to import; anything outside the allow-list would have been refused.")
    st.code("\n".join(str(name) for name in names) or "nothing", language=None)


def _libraries(told: Mapping[str, Any]) -> None:
    rows = [
        {"Library": name, "Trained with": version, "Here": data.installed(name)}
        for name, version in (told.get("libraries") or {}).items()
    ]
    if not rows:
        st.caption("Not told by the artifact.")
        return
    components.table(pd.DataFrame(rows), key="card_libraries", alt="Libraries the version was trained with")
