"""The tables of forecasts, their outcomes, drift, alerts and bars."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from ensemble_desk.database.tables.columns import BigId, Exact, Json, UtcTime, Verbatim
from ensemble_desk.database.tables.metadata import metadata

forecasts = Table(  # append-only
    "forecasts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("version", Exact, nullable=False),
    Column("sha256", Exact, nullable=False),
    Column("pointer_revision", BigInteger),  # None for a replay
    Column("as_of", UtcTime(), nullable=False),
    Column("target_at", UtcTime()),  # None until that bar exists
    Column("horizon", Exact, nullable=False),
    Column("horizon_bars", Integer, nullable=False),
    Column("basis", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("p_bearish", Float, nullable=False),
    Column("p_neutral", Float, nullable=False),
    Column("p_bullish", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("agreement", Float, nullable=False),
    Column("members", Json, nullable=False),
    Column("weights_used", Json, nullable=False),
    Column("abstentions", Json, nullable=False),
    Column("kind", Text, nullable=False),  # live | replay
    Column("created_at", UtcTime(), nullable=False),
    Column("lean", Text),
    Column("bands", Json),
    UniqueConstraint("symbol_id", "timeframe", "version", "as_of", "horizon"),
)
Index("idx_forecasts_key_horizon_as_of", *(forecasts.c[n] for n in ("symbol_id", "timeframe", "horizon", "as_of")))

outcomes = Table(  # append-only; a restated price makes a new revision
    "outcomes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("forecast_id", BigInteger, ForeignKey("forecasts.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", Text, nullable=False),  # matured | void; no row: pending
    Column("label", Text),
    Column("move", Float),
    Column("threshold", Float),
    Column("price_from", Float),
    Column("price_to", Float),
    Column("target_at", UtcTime()),
    Column("detail", Text, nullable=False, server_default=""),
    Column("created_at", UtcTime(), nullable=False),
    UniqueConstraint("forecast_id", "revision"),
)

drift_monitoring = Table(
    "drift_monitoring",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("date", Date, nullable=False),
    Column("accuracy", Float),
    Column("n_predictions", Integer, nullable=False),
    Column("baseline_accuracy", Float),
    Column("drift_margin", Float),
    Column("drift_detected", Boolean, nullable=False),
    UniqueConstraint("symbol_id", "timeframe", "date"),
)

sent_alerts = Table(  # what each channel was told last about each topic that is still an alert
    "sent_alerts",
    metadata,
    Column("topic", Exact, nullable=False),
    Column("channel", Exact, nullable=False),  # digest of the channel's URL, which may hold a password
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),  # sending | sent
    Column("at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("topic", "channel"),
)

alarm_states = Table(  # made of the log alone: a row that is lost or too old is made anew
    "alarm_states",
    metadata,
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("version", Exact, nullable=False),  # in production when the row was written
    Column("kind", Text, nullable=False),  # live | replay
    Column("line", Verbatim, nullable=False),  # what is defended, with which stakes
    Column("outcome_id", BigInteger, nullable=False),  # newest outcome that was looked at
    Column("as_of", UtcTime(), nullable=False),  # bar of the newest forecast in it
    Column("e_value", Float, nullable=False),
    Column("state", Verbatim, nullable=False),
    PrimaryKeyConstraint("symbol_id", "timeframe"),
)


outcome_marks = Table(  # how far a key's forecasts were looked at; a row that is lost means: look at all of them
    "outcome_marks",
    metadata,
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("bars", Text, nullable=False),  # digest of the bars at that look
    Column("past", Text, nullable=False),  # the same of those up to last_bar; '': not known
    Column("last_bar", UtcTime(), nullable=False),
    Column("meaning", Text, nullable=False),  # what its versions were known to forecast
    Column("forecast_id", BigInteger, nullable=False),  # newest forecast and outcome, and how many forecasts
    Column("outcome_id", BigInteger, nullable=False),
    Column("n_forecasts", BigInteger, nullable=False),
    Column("since", UtcTime(), nullable=False),  # no forecast of an earlier bar is pending
    Column("pending", Integer, nullable=False),
    Column("no_label", Integer, nullable=False),
    PrimaryKeyConstraint("symbol_id", "timeframe"),
)

kept_drift = Table(  # what was made of a key's outcomes; a row that is lost or of another sign is made anew
    "kept_drift",
    metadata,
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("what", Exact, nullable=False),  # state | days | sums
    Column("sign", Text, nullable=False),  # of everything that it was made of
    Column("made", Text, nullable=False),  # JSON, with NaN
    PrimaryKeyConstraint("symbol_id", "timeframe", "what"),
)


def _bar_table(name: str, *more_key: str) -> Table:
    numbers = ("open", "high", "low", "close", "volume")
    return Table(
        name,
        metadata,
        Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
        Column("timeframe", Exact, nullable=False),
        Column("time", UtcTime(), nullable=False),
        *(Column(more, UtcTime(), nullable=False) for more in more_key),
        *(Column(number, Float, nullable=False) for number in numbers),
        Column("adjusted", Boolean, nullable=False),
        PrimaryKeyConstraint("symbol_id", "timeframe", "time", *more_key),
    )


ohlc_bars = _bar_table("ohlc_bars")
ohlc_restatements = _bar_table("ohlc_restatements", "replaced_at")  # what a bar said until a later import changed it
