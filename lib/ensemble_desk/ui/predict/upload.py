"""What is asked about: recent bars of the source, or an upload with the questions it leaves open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.errors import InvalidBarsError, UploadError
from ensemble_desk.forecasting.uploads import Uploaded
from ensemble_desk.market import bars as contract
from ensemble_desk.market import timeframes
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.recognition import Recognised
from ensemble_desk.ui.frame import caching, components, data, session, wording
from ensemble_desk.ui.predict import questions
from ensemble_desk.ui.predict import reads as predict_data

RECENT, UPLOAD = "Recent bars", "Upload"
_TYPES = ["csv", "txt", "tsv", "gz", "zip", "parquet", "xlsx", "xls", "ods", "json", "jsonl", "feather"]
_AS_WRITTEN = "As the file says, else UTC"
_ZONES = (_AS_WRITTEN, "UTC", "America/New_York", "Europe/London", "Europe/Berlin", "Asia/Tokyo")
_MOST_DAYS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """What is asked about: bars or ready features up to the row of the forecast, and bars that came after it."""

    frame: pd.DataFrame
    later: pd.DataFrame
    origin: str
    from_source: bool
    why_not: str = ""  # empty where the person may ask about more than the newest bars

    @property
    def has_bars(self) -> bool:
        return isinstance(self.frame.index, pd.DatetimeIndex) and {*contract.COLUMNS} <= {*self.frame.columns}

    @property
    def last(self) -> datetime | None:
        """Time of the row that is forecast; None for features without times."""
        index = self.frame.index
        return index[-1].to_pydatetime() if isinstance(index, pd.DatetimeIndex) and len(index) else None


def choose_input(record: VersionRecord) -> Input | None:
    """Recent bars of the source, or a file; None until there is something to ask about."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        origin = st.segmented_control(
            "Ask about", (RECENT, UPLOAD), default=RECENT, required=True, key="bars", bind="query-params"
        )
    why_not = session.why_not(actors.TO_ASK)
    if origin == UPLOAD:
        if why_not:
            components.empty("A file of your own is not read here.", why_not)
            return None
        return _uploaded(record)
    with row:
        return _recent(record.key, why_not)


def _recent(key: Key, why_not: str) -> Input | None:
    if key not in data.source_keys():
        components.empty(f"The source has no bars of {key}.", "Choose Upload and give a file of bars.")
        return None
    bars = data.bars(key)
    day = st.date_input(
        "As of",
        bars.last.date(),
        min_value=bars.first.date(),
        max_value=bars.last.date(),
        key="as_of",
        bind="query-params",
        width=180,
        disabled=bool(why_not),
        help=why_not or "The forecast reads bars up to this day only.",
    )
    asked_for = bars.last.date() if why_not else day
    known = bars.until(datetime.combine(asked_for, time.max, tzinfo=UTC)).frame
    return Input(known, bars.frame.iloc[len(known) :], data.source_of(key), from_source=True, why_not=why_not)


def _uploaded(record: VersionRecord) -> Input | None:
    key = record.key
    file = st.file_uploader(
        "A file of bars, or of the version's features: CSV, Excel, OpenDocument, Parquet, Feather or JSON",
        type=_TYPES,
        key="upload",
        max_upload_size=int(caching.settings().max_upload_mb),
        help="Read as data, never run. Columns in any order and case; what was recognised is shown.",
    )
    if file is None:
        st.caption("Bars need a time column and open, high, low, close, volume, as any vendor exports them.")
        return None
    try:
        settled = _settled(record, file, Answers(time_zone=_time_zone(key, file)))
    except (InvalidBarsError, UploadError) as error:
        _problems(file.name, error.problems)
        return None
    if settled is None:
        return None
    found, answers = settled
    if found.recognised is None:
        _features(found.frame)
        return Input(found.frame, pd.DataFrame(), f"upload {file.name}", from_source=False)
    _recognised(found.recognised)
    _keep(file, answers)
    last = found.recognised.bars.last
    return Input(found.frame, pd.DataFrame(), f"upload {file.name}, to {wording.day(last)}", from_source=False)


def _settled(record: VersionRecord, file: Any, answers: Answers) -> tuple[Uploaded, Answers] | None:
    """Read the file with what was answered so far; ask the next question it leaves open, None until it is answered."""
    try:
        found = predict_data.uploaded(
            file.file_id,
            file.getvalue(),
            file_name=file.name,
            key=record.key,
            version=record.version,
            answers=answers,
        )
    except (InvalidBarsError, UploadError) as error:
        answered = questions.ask(error, file, answers, lambda wrong: _problems(file.name, wrong.problems))
        return None if answered is None else _settled(record, file, answered)
    for warned in () if found.recognised is None else found.recognised.warnings:
        st.warning(wording.plain(warned.told), icon=":material/warning:")
        can_mend = bool(warned.answer) and getattr(answers, warned.answer) != warned.value
        if can_mend and st.toggle(warned.offer, key=f"mend_{warned.answer}_{file.file_id}"):
            mended: dict[str, Any] = {warned.answer: warned.value}
            return _settled(record, file, replace(answers, **mended))
    return found, answers


def _keep(file: Any, answers: Answers) -> None:
    """Offer to keep what was said about the file, for the next one of its shape."""
    said = answers.of_the_shape().said()
    if not said or said.keys() == {"time_zone"}:
        return
    with st.form(f"keep_{file.file_id}", border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        with row:
            name = st.text_input(
                "Keep these answers for files of this shape as", file.name.rsplit(".", 1)[0], key=f"name_{file.file_id}"
            )
            kept = st.form_submit_button("Keep", key=f"keep_it_{file.file_id}", icon=":material/bookmark:")
    if kept:
        predict_data.keep_mapping(name, file.getvalue(), file_name=file.name, said=answers)
        st.success("Kept. The next file of this shape asks nothing.", icon=":material/bookmark_added:")


def _time_zone(key: Key, file: Any) -> str | None:
    """Ask for the zone of intraday times; days have none."""
    if key.timeframe in timeframes.OF_SESSIONS:
        return None
    chosen = st.selectbox(
        "Times without a zone are in",
        _ZONES,
        accept_new_options=True,
        key=f"zone_{file.file_id}",
        width=320,
        help="A name such as Australia/Sydney can be typed. Times that carry their zone keep it.",
    )
    return None if chosen == _AS_WRITTEN else chosen


def _problems(file_name: str, problems: Sequence[str]) -> None:
    listed = "\n".join(f"- {wording.plain(problem)}" for problem in problems)
    st.error(f"{wording.plain(file_name)} was not used:\n\n{listed}", icon=":material/error:")
    st.caption("Nothing changed. Correct the file and upload it again.")


def _recognised(found: Recognised) -> None:
    """Say what each column became, and what was left out; open when somebody should look."""
    bars = found.bars
    n_dropped = sum(dropped.count for dropped in found.dropped)
    left_out = f", {n_dropped:,} row{'s' if n_dropped > 1 else ''} left out" if n_dropped else ""
    title = f"Recognised {len(bars):,} bars, {wording.day(bars.first)} to {wording.day(bars.last)}{left_out}"
    with st.expander(title, icon=":material/fact_check:", expanded=bool(found.dropped)):
        frame = pd.DataFrame([(fact.what, fact.value) for fact in found.facts], columns=["Ours", "In the file"])
        components.table(frame, key="recognised", alt="What was recognised in the upload")
        if bars.key.timeframe == "d1":
            _sessions(bars)


def _sessions(bars: Bars) -> None:
    """Compare daily bars with the sessions of the exchange; the calendar takes a moment to load, so on demand."""
    calendar = caching.settings().calendar
    if not st.toggle(f"Compare with the sessions of {calendar}", key="sessions"):
        return
    found = predict_data.sessions_of(bars.key, bars.frame)
    missing = ", ".join(str(day) for day in found.missing[:_MOST_DAYS])
    rest = len(found.missing) - _MOST_DAYS
    told = f"{missing} and {rest:,} more" if rest > 0 else missing or "none"
    st.markdown(f"Sessions of {found.calendar} without a bar: {told}")
    st.caption(
        f"{found.n_sessions:,} sessions from {found.first} to {found.last}; "
        f"{len(found.unexpected):,} bars lie on days without one."
    )


def _features(frame: pd.DataFrame) -> None:
    st.info(
        f"{len(frame):,} rows of ready features: it has every column that the version was trained on. "
        "Members that read prices abstain unless prices stand beside them.",
        icon=":material/fact_check:",
    )
