"""The form that tells once what the file of a version does not tell, and what was told so far."""

import streamlit as st

from ensemble_desk.artifacts.descriptions import OF_NAME
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import State, VersionRecord
from ensemble_desk.ui.frame import actions, caching, data, session, wording

_UNSAID = "not told"
_CALM = (State.PRUNED, State.MISSING)
_FIXED, _MULTIPLE = "Log return", "Multiple of volatility"


def told(record: VersionRecord) -> None:
    """What people have told of this version, newest first."""
    for one in data.descriptions(record.key, record.version):
        st.caption(
            f":material/edit_note: {wording.plain(one.actor)} told of {wording.plain(str(one.scope))} on "
            f"{wording.time(one.at)}: {wording.plain(one.description.in_words)}"
        )


def form(record: VersionRecord) -> None:
    """Ask operators for what the file does not tell; a version that tells everything has no form."""
    own = data.manifest(record.key, record.version)
    if "schema_version" in own or record.state in _CALM:
        return
    actor = session.actor(caching.settings())
    with st.expander("Describe it", icon=":material/edit_note:", expanded=record.horizon is None):
        if not actor.may(actors.TO_MOVE):
            st.caption(f"Describing a version takes the role operator; you are {actor.role}.")
            return
        _fields(record, own.get("member_classes") or {})


def _fields(record: VersionRecord, member_classes: dict[str, list[object]]) -> None:
    key = record.key
    scopes = {f"{key}/{record.version}": "this version", str(key): f"all of {key}", f"*/{key.timeframe}": "all symbols"}
    with st.form("describe", border=False):
        scope = st.segmented_control(
            "Holds for",
            list(scopes),
            default=str(key),
            required=True,
            key="describe_scope",
            format_func=scopes.__getitem__,
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            bars = st.number_input("Horizon in bars", 1, 10_000, None, key="describe_bars")
            rule = st.selectbox("A move counts beyond a", (_FIXED, _MULTIPLE), key="describe_rule", width=210)
            limit = st.number_input(
                "Limit", 0.0, 99.0, None, step=0.001, format="%.4f", key="describe_limit", placeholder="such as 0.009"
            )
            until = st.text_input(
                "Trained until", key="describe_until", placeholder=f"2025-01-31 or {OF_NAME}",
                help=f"Last day of the training data; {OF_NAME}: the day that names each version.",
            )  # fmt: skip
        meant = _classes(member_classes)
        submitted = st.form_submit_button("Describe", type="primary", key="describe_submit")
    if submitted:
        actions.describe(
            str(scope),
            horizon_bars=None if bars is None else int(bars),
            threshold=limit if rule == _FIXED else None,
            multiplier=limit if rule == _MULTIPLE else None,
            classes=meant,
            trained_until=until.strip() or None,
        )


def _classes(member_classes: dict[str, list[object]]) -> dict[str, str] | None:
    """Ask what the estimators' own classes mean; None when nothing was said."""
    known = list(dict.fromkeys(str(label) for labels in member_classes.values() for label in labels))
    said: dict[str, str] = {}
    with st.container(horizontal=True):
        for label in known:
            meant = st.selectbox(
                f"Class {wording.plain(label)} means", (_UNSAID, *CLASSES), key=f"describe_class_{label}", width=190
            )
            said |= {} if meant == _UNSAID else {label: meant}
    return said or None
