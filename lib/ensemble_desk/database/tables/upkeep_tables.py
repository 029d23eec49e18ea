"""The tables of upkeep: rehearsed rollbacks, what was pruned, what people told, ready features, failures."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from ensemble_desk.database.tables.columns import BigId, Exact, Json, UtcTime
from ensemble_desk.database.tables.metadata import metadata

rehearsals = Table(  # one row a key: the newest preflight of the version that a rollback would go to
    "rehearsals",
    metadata,
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("target", Exact, nullable=False),
    Column("sha256", Exact, nullable=False),
    Column("live", Exact),  # None: nothing served
    Column("code_revision", Exact, nullable=False),
    Column("at", UtcTime(), nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("failed_step", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("milliseconds", Float, nullable=False),
    PrimaryKeyConstraint("symbol", "timeframe"),
)

pruned_versions = Table(  # tombstones: a pruned name is never used again
    "pruned_versions",
    metadata,
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("version", Exact, nullable=False),
    Column("file_name", Exact, nullable=False),
    Column("sha256", Exact, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("manifest", Json, nullable=False),
    Column("pruned_at", UtcTime(), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("finished_at", UtcTime()),  # None: its files are not known to be gone yet
    PrimaryKeyConstraint("symbol", "timeframe", "version"),
)
Index("idx_pruned_versions_pruned_at", pruned_versions.c.pruned_at)

version_descriptions = Table(  # append-only: what people told of versions whose files do not tell it
    "version_descriptions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("scope", Exact, nullable=False),  # AAPL/d1/20250121, AAPL/d1 or a pattern such as */d1
    Column("told", Json, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcTime(), nullable=False),
)

failed_forecasts = Table(  # one row a key whose production could not forecast the last time it was asked
    "failed_forecasts",
    metadata,
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("version", Exact, nullable=False),
    Column("problem", Text, nullable=False),
    Column("at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("symbol", "timeframe"),
)

bar_mappings = Table(  # what a person said about one file, kept for the others of its shape
    "bar_mappings",
    metadata,
    Column("name", Exact, nullable=False),
    Column("shape", Text, nullable=False),
    Column("answers", Json, nullable=False),
    Column("kept_at", UtcTime(), nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

daily_rounds = Table(  # the work of a day in one go; one at a time
    "daily_rounds",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("begun_at", UtcTime(), nullable=False),
    Column("finished_at", UtcTime()),
    Column("beat_at", UtcTime(naive=True), nullable=False),  # by the clock of the database
    Column("under_way", Exact, unique=True),  # the same text in every row that runs, so that there is one of them
    Column("actor", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("steps", Json, nullable=False),
)

feature_sets = Table(  # sets of ready features: which columns rows of a set have
    "feature_sets",
    metadata,
    Column("name", Exact, nullable=False),
    Column("columns", Json, nullable=False),
    Column("digest", Exact, nullable=False),  # of the names of columns
    Column("begun_at", UtcTime(), nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

feature_rows = Table(
    "feature_rows",
    metadata,
    Column("name", Exact, ForeignKey("feature_sets.name"), nullable=False),
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("time", UtcTime(), nullable=False),
    Column("numbers", Json, nullable=False),  # in the order of the set's columns; null where one is missing
    Column("imported_at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("name", "symbol_id", "timeframe", "time"),
)
