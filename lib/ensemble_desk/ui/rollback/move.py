"""Going back: what is live, where to, what the preflight says, the proof afterwards."""

from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import Deployment, Mode, PreflightReport, Production, State, Step, VersionRecord
from ensemble_desk.ui.frame import actions, caching, components, data, session, wording
from ensemble_desk.ui.frame.browser import places
from ensemble_desk.ui.frame.news import links, reads
from ensemble_desk.ui.rollback import deciding

_MOST_AT_A_GLANCE = 8
_EARLIEST = datetime(1970, 1, 1)  # noqa: DTZ001 - the input widget knows no time zones
_STEP_ICONS = {
    "passed": ":green[:material/check_circle:]",
    "failed": ":red[:material/cancel:]",
    "skipped": ":gray[:material/do_not_disturb_on:]",
}


def proof(key: Key) -> None:
    """After a move: what the loader serves now, how long that took to find out, and what else has changed."""
    moved = actions.last_move(key)
    if moved is None:
        return
    deciding.made(key)
    row, shown = moved.deployment, moved.proof
    if not shown.matches:
        st.error(
            f"Production moved to {row.to_version}, but the loader does not serve it: {wording.plain(shown.detail)} "
            "Run: desk registry verify",
            icon=":material/gpp_bad:",
        )
        return
    st.success(
        f"The loader now serves **{shown.version}**, {wording.duration(shown.milliseconds / 1000)}. "
        f"{str(row.action).capitalize()} from {row.from_version or 'none'}, revision {row.revision}. "
        f"{wording.plain(' '.join(reads.story(row.id).besides))}",
        icon=":material/verified:",
    )


def revision_on_screen(production: Production) -> int:
    """Give the revision that the person saw when sending a form: the one the run before this has shown.

    Sending a form runs the page again, and that run may read what somebody else has moved in between; the move must be
    compared with what was on the screen.
    """
    name = f"revision_of_{production.key}"
    shown: int = st.session_state.get(name, production.revision)
    st.session_state[name] = production.revision
    return shown


def live(production: Production) -> None:
    """Why what is live is live, and what was before it; the rest stands in the strip."""
    before = f"before it **{production.previous}** was live" if production.previous else "nothing was live before it"
    reason = wording.plain(production.reason) or "no reason recorded"
    st.markdown(f"Revision {production.revision}, “{reason}”; {before}.")


def target_picker(key: Key, production: Production) -> VersionRecord | None:
    """Choose where to go back to; nothing is chosen until somebody does."""
    live = production.version or "~"
    usable = [record for record in data.versions(key) if record.state == State.AVAILABLE and record.version != live]
    asked = None if components.left_over("target", of=str(key)) else _asked_target()
    st.session_state["target_of"] = str(key)
    if asked not in {record.version for record in usable}:
        st.session_state["target"] = None  # what was chosen for another key, or cannot be had, is not kept silently
    if not usable:
        components.empty(f"{key} has no other usable version to go back to.", "Train another one first.")
        return None
    ordered = sorted(
        usable, key=lambda record: (record.previously_live, record.version < live, record.version), reverse=True
    )
    told = {record.version: _target_name(record, live=live) for record in ordered}
    if asked is not None and asked not in told and actions.last_move(key) is None:
        st.warning(
            f"{wording.plain(asked)} cannot be gone back to now. Choose another version.", icon=":material/link_off:"
        )
    if len(told) <= _MOST_AT_A_GLANCE:
        with places.options(len(told), name="targets"):
            chosen = st.radio(
                "Go back to",
                list(told),
                index=None,
                captions=list(told.values()),
                key="target",
                bind="query-params",
                label_visibility="collapsed",
            )
    else:
        chosen = st.selectbox(
            "Go back to", list(told), index=None, placeholder="Choose a version", key="target", bind="query-params"
        )
        st.caption(f"{ordered[0].version}: {told[ordered[0].version]}")
    return next((record for record in ordered if record.version == chosen), None)


def _asked_target() -> str | None:
    asked = st.session_state.get("target") or st.query_params.get("target")
    return None if asked is None else str(asked)


def _target_name(record: VersionRecord, *, live: str) -> str:
    marks = ["**previously live**"] if record.previously_live else []
    marks += ["newer than what is live"] if record.version > live else []
    marked = "".join(f"{mark} · " for mark in marks)
    return f"{marked}{wording.accuracy_of(record)} · data to {wording.day(record.last_bar)}"


def preflight(report: PreflightReport) -> None:
    """The checklist, each step with its time; what failed and would stop the move comes in red."""
    total = sum(step.milliseconds for step in report.steps) / 1000
    verdict = "passed" if report.passed else "failed"
    with st.container(border=True):
        st.markdown(
            f"{_STEP_ICONS[verdict]} **Preflight of {report.version} {verdict}** "
            f":gray[· {len(report.steps)} steps, {wording.duration(total)}, {wording.time(report.at)}]"
        )
        caching.show_once(("preflight", caching.Same(report)), lambda: _steps(report))
        if not report.passed:
            st.caption(
                "A hard step failed, so this version cannot go live. Choose another one; production is unchanged."
            )


def _steps(report: PreflightReport) -> None:
    rows = [_step(step) for step in report.steps]
    with places.rows(len(rows), name="preflight"):
        st.table(rows, border="horizontal", hide_index=True, hide_header=True, alt=f"Preflight of {report.version}")


def _step(step: Step) -> dict[str, str]:
    soft = "" if step.hard or step.outcome == "passed" else " :gray[(does not stop the move)]"
    return {
        "Step": f"{_STEP_ICONS[step.outcome]}\N{NO-BREAK SPACE}{step.name.capitalize()}",
        "Detail": f"{wording.plain(step.detail)}{soft}",
        "Time": f":gray[{wording.duration(step.milliseconds / 1000)}]".replace(" ", "\N{NO-BREAK SPACE}"),
    }


def history(key: Key) -> None:
    """Moves and refused attempts, newest first."""
    rows = data.deployments(key)
    if not rows:
        components.empty("Nothing has been deployed yet.")
    else:
        caching.show_once(("history", key, caching.Same(rows)), lambda: _history(key, rows))
        every = {"about": str(key), "time": "All"}
        st.page_link(links.FEED, label="Each of them in full", icon=":material/list_alt:", query_params=every)


def _history(key: Key, rows: Sequence[Deployment]) -> None:
    frame = pd.DataFrame(
        [
            {
                "When": row.at,
                "What": str(row.action),
                "Outcome": [row.outcome],
                "From": row.from_version or "",
                "To": row.to_version or "",
                "By": row.actor,
                "Why": row.refusal or row.reason,
                "Mode": str(row.mode),
                "Revision": row.revision,
            }
            for row in rows
        ]
    )
    components.table(
        frame,
        key="history",
        alt=f"Deployments of {key}",
        columns={
            "When": components.time_column("When"),
            "What": st.column_config.TextColumn(width=110),
            "Outcome": st.column_config.MultiselectColumn(options=["moved", "refused"], color=["green", "orange"]),
        },
    )


def quarantined(key: Key, *, seen: int) -> None:
    """Versions that follow latest skips, and the form that lifts one."""
    records = [record for record in data.versions(key) if record.quarantine_reason]
    if not records:
        st.caption("No version of this key is quarantined.")
        return
    for record in records:
        st.markdown(f":orange[:material/front_hand:] **{record.version}** {wording.plain(record.quarantine_reason)}")
    why_not = session.why_not(actors.TO_LIFT)
    with st.form("lift"):
        version = st.selectbox(
            "Lift the quarantine of", [record.version for record in records], index=None, key="lift_version"
        )
        reason = st.text_input("Reason", key="lift_reason")
        submitted = st.form_submit_button(
            "Lift", icon=":material/lock_open:", key="lift_submit", disabled=bool(why_not), help=why_not or None
        )
    if submitted and version is not None:
        actions.lift_quarantine(key, version, expected=seen, reason=reason)
        deciding.overtaken(key, seen=seen)
    elif submitted:
        components.choose_first("a version")


def forward(key: Key, production: Production, *, seen: int) -> None:
    """The other moves: to a newer version, or to follow the latest one again."""
    newer = [
        record.version
        for record in data.versions(key)
        if record.state == State.AVAILABLE and record.version > (production.version or "")
    ]
    why_not = session.why_not(actors.TO_MOVE)
    left, right = st.columns(2, gap="large")
    with left, st.form("promote"):
        version = None
        if newer:
            version = st.selectbox(
                "Promote and pin", newer, index=None, placeholder="Choose a newer version", key="promote_version"
            )
        else:
            st.markdown("Promote and pin: no newer usable version.")
        reason = st.text_input("Reason", key="promote_reason")
        promoted = st.form_submit_button(
            "Promote",
            icon=":material/upgrade:",
            disabled=bool(why_not) or not newer,
            help=why_not or None,
            key="promote_submit",
        )
    with right, st.form("follow"):
        st.markdown("Follow latest: every newly trained usable version goes live by itself.")
        why = st.text_input("Reason", key="follow_reason")
        follows = production.mode == Mode.FOLLOW_LATEST
        followed = st.form_submit_button(
            "Follow latest",
            icon=":material/sync:",
            disabled=bool(why_not) or follows,
            help=why_not or ("It follows the latest version already." if follows else None),
            key="follow_submit",
        )
    if promoted and version is not None:
        actions.promote(key, to=version, expected=seen, reason=reason)
        deciding.overtaken(key, seen=seen)
    elif promoted:
        components.choose_first("a version")
    if followed:
        actions.follow_latest(key, expected=seen, reason=why)
        deciding.overtaken(key, seen=seen)


def live_when(key: Key) -> None:
    """What was live at a chosen time."""
    at = st.datetime_input(
        "What was live at (UTC)", value=None, min_value=_EARLIEST, key="at", bind="query-params", width=260
    )
    if at is None:
        return
    moment = wording.as_utc(at)
    found = data.live_at(key, moment)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(wording.plain(found.in_words), width="stretch")
        told = found.move or found.first
        if told is not None:
            links.move(told.id)
