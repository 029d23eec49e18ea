"""The newest migration; known here so that opening a database which is there already needs neither Alembic nor more."""

HEAD = "0015"
