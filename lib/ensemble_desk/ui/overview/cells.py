"""What stands in the cells of a row: words, marks, and the sentence behind each mark."""

import base64

from ensemble_desk.figures import marks
from ensemble_desk.figures.style import palette
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.entities import Mode
from ensemble_desk.ui.frame import components, data, wording
from ensemble_desk.ui.frame.keys import facts
from ensemble_desk.ui.frame.keys import wording as drift_wording
from ensemble_desk.ui.frame.keys.facts import Grade
from ensemble_desk.ui.frame.keys.strip import GOING_COLOURS
from ensemble_desk.ui.overview.rows import Need, Row

OLD = "outdated"
_MARKS = {
    Grade.FELL: palette.ALARM,
    Grade.NOT_SERVED: palette.ALARM,
    Grade.WATCH: palette.WATCH,
    Grade.OK: palette.ENSEMBLE,
}


def live(row: Row) -> str:
    """The version with its mode, and the newer one that waits."""
    mode = "pinned" if row.pointer.mode is Mode.PINNED else "follows latest"
    waits = f", {row.pointer.newer_waiting} waits" if Need.WAITS in row.needs else ""
    return f"{row.pointer.version or 'none usable'}  \n:small[:gray[{mode}{waits}]]"


def standing(row: Row) -> str:
    """The grade as a chip, and what it rests on."""
    chip = f":{facts.COLOURS[row.grade]}-badge[{str(row.grade).capitalize()}]"
    expired = " :orange-badge[Expired]" if Need.EXPIRED in row.needs else ""
    return f"{chip}{expired}  \n:small[:gray[{wording.plain(because(row))}]]"


def because(row: Row) -> str:
    """Say in a few words why a row has its grade."""
    if row.grade is Grade.NOT_SERVED:
        return "no version is usable" if row.record is None else str(row.record.state)
    if row.state is None:
        return "its outcomes are being read"
    return _of_state(row.state, row.grade)


def _of_state(state: DriftState, grade: Grade) -> str:
    skill = drift_wording.settled_skill(state)
    if grade is Grade.FELL:
        return f"since {wording.day(state.since)}, n {state.live.n:,}"
    if grade is Grade.NOT_MEASURED:
        return state.problem
    if grade is Grade.UNSETTLED:
        return f"{state.overall.n_eff:.0f} of 20 independent outcomes"
    if grade is Grade.WATCH:
        margin = "" if state.margin is None else f"{wording.points(state.margin)}, "
        return f"{margin}{'rings alone' if state.rings_alone else 'not settled'}"
    return skill or "as validated"


def accuracy(row: Row) -> str:
    """The mark with its sentence as the picture's title and for those who hear the page."""
    told = sentence(row)
    return _picture(marks.accuracy(_mark(row)), told)


def sentence(row: Row) -> str:
    """Say what the mark shows, in full."""
    now = drift_wording.forecasts(row.state) if row.pointer.version else "nothing serves"
    validated = "" if row.record is None else f"; validated {wording.accuracy_of(row.record)}"
    return f"{now}{validated}"


def _mark(row: Row) -> marks.Accuracy:
    state = row.state if row.state is not None and row.state.kinds else None
    return marks.Accuracy(
        now=None if state is None else state.overall.value,
        low=None if state is None else state.overall.low,
        high=None if state is None else state.overall.high,
        majority=state.overall_majority.value if state is not None and state.overall_majority else None,
        validated=None if row.record is None else row.record.ensemble_accuracy,
        colour=colour(row),
    )


def rolling(row: Row) -> str:
    """The newest accuracies as a line; nothing where there are too few."""
    if row.state is None or len(row.state.sparkline) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    first, last = row.state.sparkline[0], row.state.sparkline[-1]
    told = f"rolling accuracy, {wording.percent(first)} to {wording.percent(last)}"
    return _picture(marks.line(row.state.sparkline, colour=colour(row)), told)


def colour(row: Row) -> str:
    """The colour of a row's marks: that of its grade."""
    return _MARKS.get(row.grade, palette.MUTED)


def age(row: Row) -> str:
    bars = age_in_bars(row)
    return wording.UNKNOWN if bars is None else f"{bars:,} bars"


def age_in_bars(row: Row) -> int | None:
    """How many bars came after the last one that the version learnt from; read for the rows that are shown only."""
    if row.record is None or row.record.last_bar is None:
        return None
    return data.age_in_bars(row.pointer.key, row.record.last_bar)


def way_back(row: Row) -> str:
    """Whether going back would pass, as the label of the link that leads there."""
    found = row.way_back
    if found is None:
        return wording.UNKNOWN
    now = components.now()
    old = f", {OLD}" if found.at is not None and found.is_due(now) else ""
    since = "" if found.at is None else f", {wording.ago(found.at, now).removesuffix(' ago')}"
    return f":{GOING_COLOURS[found.state]}[{str(found.state).capitalize()}]{old or since}"


def _picture(svg: str, told: str) -> str:
    uri = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    text = wording.plain(told).replace('"', "'")
    return f'![{text}]({uri} "{text}")'
