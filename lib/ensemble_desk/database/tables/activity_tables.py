"""The tables of what people tell each other: notes, alerts as they came and went, and who has seen what."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from ensemble_desk.database.tables.columns import BigId, Exact, UtcTime
from ensemble_desk.database.tables.metadata import metadata

notes = Table(  # append-only: what people wrote about a version, or about a move
    "notes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("symbol", Exact, nullable=False),
    Column("timeframe", Exact, nullable=False),
    Column("version", Exact),  # None: about a move
    Column("move_hash", Exact),  # of the row of history; None: about a version
    Column("move_id", BigInteger),  # its number when the note was written
    Column("text", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", UtcTime(), nullable=False),
)
Index("idx_notes_key_at", notes.c.symbol, notes.c.timeframe, notes.c.at)
Index("idx_notes_move_hash", notes.c.move_hash)
Index("idx_notes_at", notes.c.at, notes.c.id)

alert_events = Table(  # append-only: alerts as they were raised and settled
    "alert_events",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("topic", Exact, nullable=False),
    Column("after_id", BigInteger, nullable=False),  # the topic's event before this one, 0 for its first
    Column("event", Text, nullable=False),  # raised | settled
    Column("fingerprint", Text, nullable=False),
    Column("symbol", Exact),  # None: about several keys, or none
    Column("timeframe", Exact),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcTime(), nullable=False),
    UniqueConstraint("topic", "after_id"),  # of two programs that notice the same, one writes it
)
Index("idx_alert_events_at", alert_events.c.at, alert_events.c.id)

activity_visits = Table(  # when each person last looked at what others did
    "activity_visits",
    metadata,
    Column("person", Exact, nullable=False),
    Column("at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("person"),
)
