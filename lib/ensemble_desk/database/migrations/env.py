"""What Alembic runs for every upgrade: the migrations, inside the transaction that the caller holds."""

from alembic import context

from ensemble_desk.database.schema_version import VERSION_TABLE
from ensemble_desk.database.tables import registry_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=registry_tables.metadata,
    transactional_ddl=True,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
