"""The tables that tell what was done to others: the newest line of the ledger, and a digest of each day's rows."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, PrimaryKeyConstraint, Table, Text

from ensemble_desk.database.tables.columns import Exact
from ensemble_desk.database.tables.metadata import metadata

ledger_head = Table(  # the line of the ledger that was committed last, and a mark of what it was told of
    "ledger_head",
    metadata,
    Column("name", Exact, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", Exact, nullable=False),
    PrimaryKeyConstraint("name"),
)

daily_digests = Table(  # of each kind of rows, by key and day; each day is tied to the one before
    "daily_digests",
    metadata,
    Column("kind", Exact, nullable=False),  # forecasts | outcomes | drift | bars | runs
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("day", Date, nullable=False),
    Column("last_id", BigInteger, nullable=False),  # newest row in it, where rows are only ever added; else 0
    Column("n_rows", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("kind", "symbol_id", "timeframe", "day"),
)

digest_begins = Table(  # where rows were taken out of the log, from what the digest of those that are left begins
    "digest_begins",
    metadata,
    Column("kind", Exact, nullable=False),  # forecasts | outcomes
    Column("symbol_id", BigInteger, ForeignKey("symbols.id"), nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("day", Date, nullable=False),  # digests of earlier days tell of rows that are no longer there
    Column("base", Text, nullable=False),
    PrimaryKeyConstraint("kind", "symbol_id", "timeframe"),
)
