"""The table of tokens by which programs are known."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text, UniqueConstraint

from ensemble_desk.database.tables.columns import Exact, UtcTime
from ensemble_desk.database.tables.metadata import metadata

tokens = Table(  # a token itself is kept nowhere, only its digest
    "tokens",
    metadata,
    Column("name", Exact, nullable=False),
    Column("sha256", Exact, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", UtcTime(), nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", UtcTime()),  # None: never
    Column("revoked_at", UtcTime()),
    Column("revoked_by", Text),
    PrimaryKeyConstraint("name"),
    UniqueConstraint("sha256"),
)
