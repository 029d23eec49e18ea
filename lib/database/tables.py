"""The tables, as SQLAlchemy Core; the migrations beside this module build exactly these."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from lib.database.columns import BigId, Exact, Json, UtcNow, UtcTime, Verbatim

metadata = MetaData(
    naming_convention={
        "ix": "idx_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

symbols = Table(
    "symbols",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("ticker", Exact, nullable=False, unique=True),
)

training_runs = Table(  # the guide's columns, in the guide's order
    "training_runs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Text, nullable=False),
    Column("run_date", UtcTime(naive=True), nullable=False, server_default=UtcNow()),
    Column("lookback_days", Integer),
    Column("n_training_samples", Integer),
    Column("n_validation_samples", Integer),
    Column("ensemble_validation_accuracy", Float),
    Column("model_performances", Json),
    Column("weights", Json),
    Column("models_artifact_path", Text),
    Column("status", Text, server_default="completed"),
    Column("error_message", Text),
    UniqueConstraint("symbol_id", "timeframe", "run_date"),
)
Index(
    "idx_training_runs_symbol_timeframe",
    training_runs.c.symbol_id,
    training_runs.c.timeframe,
    training_runs.c.run_date.desc(),
)

training_run_progress = Table(  # what the guide's table has no column for
    "training_run_progress",
    metadata,
    Column("run_id", BigInteger, ForeignKey("training_runs.id", ondelete="CASCADE"), nullable=False),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("n_steps", Integer, nullable=False, server_default="0"),
    Column("step_name", Text, nullable=False, server_default=""),
    Column("updated_at", UtcTime(), nullable=False),
    Column("finished_at", UtcTime()),
    Column("as_of", UtcTime()),
    Column("version", Exact),
    Column("actor", Text, nullable=False, server_default=""),
    Column("pid", Integer),
    Column("host", Text),
    Column("log", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("run_id"),
)

model_versions = Table(
    "model_versions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("version", Exact, nullable=False),
    Column("file_name", Exact, nullable=False),
    Column("sha256", Exact, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger),  # None: not looked at on disk yet
    Column("created_at", UtcTime(), nullable=False),
    Column("registered_at", UtcTime(), nullable=False),
    Column("publisher", Text, nullable=False),
    Column("health", Exact, nullable=False),  # available | tampered | incompatible | missing
    Column("quarantine_reason", Text),  # None: not quarantined
    Column("state", Exact, nullable=False),  # what health, quarantine and production make of it; lists filter on it
    Column("problem", Text, nullable=False, server_default=""),
    Column("ensemble_accuracy", Float),
    Column("accuracy_sort", Float, nullable=False),  # ensemble_accuracy, or -1 where it is unknown
    Column("baseline_accuracy", Float),
    Column("accuracy_low", Float),
    Column("accuracy_high", Float),
    Column("n_holdout", Integer),
    Column("n_eff", Float),
    Column("weights", Json, nullable=False),
    Column("first_bar", UtcTime()),
    Column("last_bar", UtcTime()),
    Column("run_id", BigInteger),  # no foreign key: a file may name a run of another registry
    Column("leakage_suspected", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("symbol_id", "timeframe", "version"),
)
Index("idx_model_versions_symbol_order", *(model_versions.c[name] for name in ("symbol", "timeframe", "version")))
for _order in ("created_at", "accuracy_sort", "version"):  # a page of any list is one walk along one of these
    Index(f"idx_model_versions_{_order}", model_versions.c[_order], model_versions.c.id)
    Index(f"idx_model_versions_state_{_order}", model_versions.c.state, model_versions.c[_order], model_versions.c.id)
    Index(
        f"idx_model_versions_timeframe_{_order}",
        model_versions.c.timeframe,
        model_versions.c[_order],
        model_versions.c.id,
    )

version_manifests = Table(
    "version_manifests",
    metadata,
    Column("version_id", BigInteger, ForeignKey("model_versions.id", ondelete="CASCADE"), nullable=False),
    Column("manifest", Json, nullable=False),
    PrimaryKeyConstraint("version_id"),
)

rejected_files = Table(  # files in the models folder that are no version, and why
    "rejected_files",
    metadata,
    Column("file_name", Exact, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("seen_at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("file_name"),
)

production_pointers = Table(
    "production_pointers",
    metadata,
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("symbol", Exact, nullable=False),
    Column("mode", Text, nullable=False),
    Column("version", Exact),  # None: no usable version
    Column("revision", BigInteger, nullable=False),
    Column("since", UtcTime(), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sha256", Exact),
    Column("previous_version", Exact),
    Column("head_position", BigInteger, nullable=False),  # position and hash of the key's newest deployment row
    Column("head_hash", Exact, nullable=False),
    PrimaryKeyConstraint("symbol_id", "timeframe"),
    UniqueConstraint("symbol", "timeframe"),
)

deployments = Table(  # append-only; each key's rows are one chain
    "deployments",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", UtcTime(), nullable=False),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("subject", Exact),
    Column("from_version", Exact),
    Column("to_version", Exact),
    Column("mode", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("moved_revision", BigInteger),  # revision where it moved, None where it was refused
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sha256", Exact),
    Column("preflight", Verbatim, nullable=False),
    Column("refusal", Text, nullable=False),
    Column("group_id", Exact),
    Column("previous_hash", Exact, nullable=False),
    Column("hash", Exact, nullable=False),
    UniqueConstraint("symbol", "timeframe", "position"),
    UniqueConstraint("symbol", "timeframe", "moved_revision"),
)
Index("idx_deployments_key_at", deployments.c.symbol, deployments.c.timeframe, deployments.c.at)
Index("idx_deployments_group_id", deployments.c.group_id)

sync_state = Table(
    "sync_state",
    metadata,
    Column("name", Exact, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("updated_at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("name"),
)

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
