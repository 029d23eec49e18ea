"""The newest migration; known here so that opening a database which is there already needs neither Alembic nor more."""

HEAD = "0021"

VERSION_TABLE = "desk_schema_version"
"""Where the migration that a database is at is kept; ``alembic_version`` belongs to whoever else uses the database."""
