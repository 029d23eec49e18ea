"""The tables, as SQLAlchemy Core; the migrations beside this module build exactly these."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from ensemble_desk.database.tables.access_tables import access_tokens, role_changes
from ensemble_desk.database.tables.activity_tables import activity_visits, alert_events, notes
from ensemble_desk.database.tables.columns import BigId, Exact, Json, UtcNow, UtcTime, Verbatim
from ensemble_desk.database.tables.metadata import metadata
from ensemble_desk.database.tables.monitoring_tables import (
    drift_monitoring,
    forecasts,
    kept_drift,
    ohlc_bars,
    ohlc_restatements,
    outcome_marks,
    outcomes,
    sent_alerts,
)
from ensemble_desk.database.tables.safety_tables import daily_digests, digest_begins, ledger_head
from ensemble_desk.database.tables.upkeep_tables import (
    daily_rounds,
    failed_forecasts,
    pruned_versions,
    rehearsals,
    version_descriptions,
)

__all__ = [
    "access_tokens",
    "activity_visits",
    "alert_events",
    "copied_runs",
    "daily_digests",
    "daily_rounds",
    "deployments",
    "digest_begins",
    "drift_monitoring",
    "failed_forecasts",
    "forecasts",
    "kept_drift",
    "ledger_head",
    "metadata",
    "model_versions",
    "notes",
    "ohlc_bars",
    "ohlc_restatements",
    "outcome_marks",
    "outcomes",
    "production_pointers",
    "pruned_versions",
    "rehearsals",
    "rejected_files",
    "role_changes",
    "sent_alerts",
    "symbols",
    "sync_state",
    "training_run_progress",
    "training_runs",
    "version_counts",
    "version_descriptions",
    "version_manifests",
]

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
Index("idx_training_runs_status", training_runs.c.status, training_runs.c.id)
Index("idx_training_runs_run_date", training_runs.c.run_date, training_runs.c.id)

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
    Column("beat_at", UtcTime(naive=True)),  # by the clock of the database
    Column("identity", Exact),  # digest of all that decides what is trained
    PrimaryKeyConstraint("run_id"),
)
Index("idx_training_run_progress_identity", training_run_progress.c.identity)

copied_runs = Table(  # runs that another program keeps in a table that could not be adopted
    "copied_runs",
    metadata,
    Column("run_id", BigInteger, ForeignKey("training_runs.id", ondelete="CASCADE"), nullable=False),
    Column("other_id", Exact, nullable=False, unique=True),
    Column("digest", Exact, nullable=False),  # of the whole row there
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
    Column("health", Exact, nullable=False),  # available | tampered | incompatible | missing | unfit
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
    Column("serving_sha256", Exact),  # of its serving form; None: it has none
    Column("horizon", Exact),  # name of the trained horizon; None: nobody has told it
    Column("description_id", BigInteger),  # the newest description that says something of it; None: there is none
    Column("described", Text),  # what descriptions say of it, as JSON
    Column("fit", Boolean),  # passed the preflight that going live takes; None: not examined yet
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

version_counts = Table(  # versions by key and state, so that no list has to be counted
    "version_counts",
    metadata,
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("state", Exact, nullable=False),
    Column("n", Integer, nullable=False),
    PrimaryKeyConstraint("symbol", "timeframe", "state"),
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
Index("idx_deployments_at", deployments.c.at, deployments.c.id)
Index("idx_deployments_actor_at", deployments.c.actor, deployments.c.at, deployments.c.id)
Index("idx_deployments_action_at", *(deployments.c[name] for name in ("outcome", "action", "at", "id")))

sync_state = Table(
    "sync_state",
    metadata,
    Column("name", Exact, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("updated_at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("name"),
)
