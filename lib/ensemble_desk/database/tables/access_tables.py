"""The tables of who may do what: roles given to people, and tokens of jobs and services."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from ensemble_desk.database.tables.columns import BigId, Exact, UtcTime
from ensemble_desk.database.tables.metadata import metadata

role_changes = Table(  # append-only; of each person the newest row counts
    "role_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("person", Exact, nullable=False),
    Column("role", Exact),  # None: taken back, so that settings and groups decide again
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcTime(), nullable=False),
)
Index("idx_role_changes_person", role_changes.c.person, role_changes.c.id)

access_tokens = Table(  # of a token only its digest is kept
    "access_tokens",
    metadata,
    Column("name", Exact, nullable=False),
    Column("sha256", Exact, nullable=False),
    Column("role", Exact, nullable=False),
    Column("actor", Text, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("expires_at", UtcTime(), nullable=False),
    Column("revoked_at", UtcTime()),
    PrimaryKeyConstraint("name"),
    UniqueConstraint("sha256"),
)

personal_marks = Table(  # what a person keeps for themself: stars, introductions that were read, views with names
    "personal_marks",
    metadata,
    Column("person", Exact, nullable=False),
    Column("kind", Exact, nullable=False),
    Column("subject", Exact, nullable=False),
    Column("at", UtcTime(), nullable=False),
    PrimaryKeyConstraint("person", "kind", "subject"),
)
