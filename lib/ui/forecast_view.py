"""Asking a version: which bars, what the ensemble says, who voted how, and every horizon."""

from dataclasses import dataclass
from datetime import UTC, datetime, time

import pandas as pd
import streamlit as st

from lib.figures import candles, cone, votes
from lib.market import bars as contract
from lib.market import timeframes
from lib.market.keys import Key
from lib.market.labels import CLASSES, LabelSpec
from lib.registry.entities import State, VersionRecord
from lib.ui import caching, charts, components, data, wording
from lib.ui.answers import Answer

RECENT, UPLOAD = "Recent bars", "Upload"
_BARS, _FEATURES = "Bars", "Ready features"
_SERVABLE = (State.IN_PRODUCTION, State.AVAILABLE, State.QUARANTINED)
_SHOWN_BARS = 60
_WORDS = {"BULLISH": ":blue[Bullish]", "NEUTRAL": ":gray[Neutral]", "BEARISH": ":orange[Bearish]"}
_MIXED = "Mixed"


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """What is asked about: bars or ready features up to the row of the forecast, and bars that came after it."""

    frame: pd.DataFrame
    later: pd.DataFrame
    origin: str

    @property
    def has_bars(self) -> bool:
        return isinstance(self.frame.index, pd.DatetimeIndex) and {*contract.COLUMNS} <= {*self.frame.columns}


def version_picker(key: Key) -> VersionRecord:
    """Production or any other version that can serve."""
    usable = [record for record in data.versions(key) if record.state in _SERVABLE]
    if not usable:
        components.empty(f"No version of {key} can serve.", "The versions page says why.")
        st.stop()
    return components.version_picker(key, only=usable)


def choose_input(key: Key) -> Input | None:
    """Recent bars of the source, or a file; None until there is something to ask about."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        origin = st.segmented_control(
            "Ask about", (RECENT, UPLOAD), default=RECENT, required=True, key="bars", bind="query-params"
        )
    if origin == UPLOAD:
        return _uploaded(key)
    with row:
        return _recent(key)


def _recent(key: Key) -> Input | None:
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
        help="The forecast reads bars up to this day only.",
    )
    known = bars.until(datetime.combine(day, time.max, tzinfo=UTC)).frame
    return Input(known, bars.frame.iloc[len(known) :], data.source_of(key))


def _uploaded(key: Key) -> Input | None:
    kind = st.segmented_control("It holds", (_BARS, _FEATURES), default=_BARS, required=True, key="upload_kind")
    limit = caching.settings().max_upload_mb
    file = st.file_uploader(
        "A CSV, Parquet or Excel file",
        type=["csv", "txt", "tsv", "gz", "zip", "parquet", "xlsx"],
        key="upload",
        max_upload_size=int(limit),
        help="Read as data, never run. Columns in any order and case; what was understood is shown.",
    )
    if file is None:
        st.caption("Bars need a time column and open, high, low, close, volume; features need the version's columns.")
        return None
    if kind == _FEATURES:
        return Input(data.uploaded_table(file.getvalue(), file.name), pd.DataFrame(), f"upload {file.name}")
    found = data.uploaded_bars(file.getvalue(), file.name, key)
    frame = found.bars.frame
    st.caption(
        f"Understood {len(frame):,} bars, {wording.day(found.bars.first)} to {wording.day(found.bars.last)}"
        + "".join(f"; {note}" for note in found.notes)
    )
    return Input(frame, pd.DataFrame(), f"upload {file.name}, to {wording.day(found.bars.last)}")


def badges(record: VersionRecord, asked: Input, answer: Answer) -> None:
    """Where the bars come from, and whether the version has seen the bar it speaks about."""
    with st.container(horizontal=True):
        st.badge(wording.plain(asked.origin), icon=":material/database:", color="gray")
        components.state_badge(record)
        if answer.as_of is not None and record.last_bar is not None:
            seen = answer.as_of <= record.last_bar
            st.badge(
                "In sample" if seen else "Out of sample",
                icon=":material/visibility:" if seen else ":material/visibility_off:",
                color="orange" if seen else "blue",
                help="This version learnt from this bar, so the forecast proves nothing."
                if seen
                else "This version has never seen this bar.",
            )


def result(record: VersionRecord, answer: Answer) -> None:
    """The forecast at the trained horizon in numbers."""
    told = answer.result
    with st.grid(4, min_column_width=150):
        st.metric("Label", _WORDS[told["label"]], border=True, height="stretch")
        st.metric(
            "Confidence",
            wording.percent(told["confidence"]),
            border=True,
            height="stretch",
            help="Probability of the label.",
        )
        st.metric(
            "Agreement",
            wording.percent(told["agreement"]),
            border=True,
            height="stretch",
            help="Weight share of the members whose own first choice is the label.",
        )
        st.metric("As of", wording.day(answer.as_of), border=True, height="stretch", help=wording.time(answer.as_of))
    span = f"{told['horizon']} ({told['horizon_bars']} bar{'s' if told['horizon_bars'] != 1 else ''})"
    st.caption(f"Horizon {span}, version {record.version}. Validated: {wording.accuracy_of(record)}")


def who_voted(answer: Answer) -> None:
    """Probabilities of the pool and of each member with the weight it had in this forecast."""
    told = answer.result
    bars = [votes.Bar("<b>Ensemble</b>", told["probabilities"], "calibrated pool")]
    for name, vote in sorted(told["component_predictions"].items(), key=lambda pair: -pair[1]["weight"]):
        weight = wording.percent(told["weights_used"].get(name, 0.0))
        bars.append(votes.Bar(f"{name} · {weight}", vote["probabilities"], f"weight {weight}"))
    charts.show(
        caching.figure(votes.stacked, bars), key="votes", alt="Class probabilities of the ensemble and its members"
    )
    for name, reason in told["abstentions"].items():
        st.caption(
            f":material/do_not_disturb_on: **{name}** abstained: {wording.plain(reason)}. Others took its weight."
        )


def price_chart(key: Key, record: VersionRecord, asked: Input) -> None:
    """Recent candles with the cone of a chosen horizon."""
    if not asked.has_bars:
        components.empty("No candles: this upload holds features, not bars.")
        return
    horizons = timeframes.horizons(key.timeframe)
    name = st.segmented_control("Horizon", list(horizons), default=list(horizons)[-1], required=True, key="horizon")
    n_bars = horizons[str(name)]
    told = data.manifest(key, record.version).get("label")
    spread = cone.of(
        asked.frame.tail(250),
        timeframe=key.timeframe,
        horizon_bars=n_bars,
        label=None if told is None else LabelSpec.from_dict(dict(told)),
        known=asked.later.index if isinstance(asked.later.index, pd.DatetimeIndex) else None,
    )
    charts.show(
        candles.chart(
            asked.frame.tail(_SHOWN_BARS), timeframe=key.timeframe, cone=spread, later=asked.later.head(n_bars)
        ),
        key="candles",
        alt=f"Candlesticks of {key} with the {name} cone",
    )
    after = " Hollow candles came afterwards." if len(asked.later) else ""
    st.caption(
        "The cone is what the trailing 20-bar volatility alone allows, without drift: half of the paths end in the "
        f"dark part, nine of ten in the whole. It is no predicted path.{after}"
    )


def horizons(answer: Answer) -> None:
    """Every horizon of the timeframe: the trained one, and those derived from the price members."""
    if answer.horizons is None:
        st.caption("Other horizons take bars; this upload holds ready features.")
        return
    given = answer.horizons
    bars = [
        votes.Bar(
            f"{name} · {forecast.basis}", forecast.probabilities, f"{forecast.horizon_bars} bars, {forecast.basis}"
        )
        for name, forecast in given.forecasts.items()
    ]
    charts.show(caching.figure(votes.stacked, bars), key="horizons", alt="Class probabilities at every horizon")
    consensus = _WORDS.get(given.consensus, _MIXED)
    st.markdown(f"Consensus over {len(given.forecasts)} horizons: **{consensus}**")
    st.caption(
        "Trained: the horizon the version was trained for, all members. Derived: only members that describe price "
        "paths speak about other horizons, uncalibrated."
    )
    for name, reason in given.unavailable.items():
        st.caption(f":material/do_not_disturb_on: **{name}** {wording.plain(reason)}")


def download(key: Key, record: VersionRecord, answer: Answer) -> None:
    """Everything that was said, as a table."""
    frame = _table(answer)
    shares = [*CLASSES, "Weight"]
    components.table(
        frame.assign(**{name: 100 * frame[name].astype(float) for name in shares}),
        key="forecast_table",
        alt="The forecast in numbers",
        columns=dict.fromkeys(shares, components.percent_column()),
    )
    st.download_button(
        "Download as CSV",
        frame.assign(key=str(key), version=record.version, sha256=record.sha256).to_csv(index=False),
        file_name=f"{key.symbol}_{key.timeframe}_{record.version}_forecast.csv".replace("/", "-"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="forecast_download",
    )


def _table(answer: Answer) -> pd.DataFrame:
    told = answer.result
    rows = [
        {
            "Who": "ensemble",
            "Horizon": told["horizon"],
            "Basis": told["basis"],
            "Label": told["label"],
            "Weight": None,
            **told["probabilities"],
        }
    ]
    rows += [
        {
            "Who": name,
            "Horizon": told["horizon"],
            "Basis": told["basis"],
            "Label": vote["label"],
            "Weight": told["weights_used"].get(name),
            **vote["probabilities"],
        }
        for name, vote in told["component_predictions"].items()
    ]
    if answer.horizons is not None:
        rows += [
            {
                "Who": "ensemble",
                "Horizon": name,
                "Basis": given.basis,
                "Label": given.label,
                "Weight": None,
                **given.probabilities,
            }
            for name, given in answer.horizons.forecasts.items()
            if name != told["horizon"]
        ]
    return pd.DataFrame(rows)
