"""Create what people tell of versions and which forecasts failed; let versions know their horizon and their fitness."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "version_descriptions",
        sa.Column("id", row_id, nullable=False),
        sa.Column("scope", exact, nullable=False),
        sa.Column("told", json, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_descriptions")),
    )
    op.create_table(
        "failed_forecasts",
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("version", exact, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", name=op.f("pk_failed_forecasts")),
    )
    for column in (
        sa.Column("horizon", exact),
        sa.Column("description_id", sa.BigInteger()),
        sa.Column("described", sa.Text()),
        sa.Column("fit", sa.Boolean()),
    ):
        op.add_column("model_versions", column)
    told = "manifest ->> 'horizon'" if op.get_bind().dialect.name == "postgresql" else "manifest ->> '$.horizon'"
    op.execute(
        f"UPDATE model_versions SET horizon = (SELECT {told} FROM version_manifests"  # noqa: S608 - written just above
        " WHERE version_manifests.version_id = model_versions.id)"
    )
    op.execute("UPDATE model_versions SET fit = true WHERE state = 'in production'")


def downgrade() -> None:
    for name in ("fit", "described", "description_id", "horizon"):
        op.drop_column("model_versions", name)
    op.drop_table("failed_forecasts")
    op.drop_table("version_descriptions")
