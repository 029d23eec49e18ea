"""Create the sets of ready features and their rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "feature_sets",
        sa.Column("name", exact, nullable=False),
        sa.Column("columns", json, nullable=False),
        sa.Column("digest", exact, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feature_sets")),
    )
    op.create_table(
        "feature_rows",
        sa.Column("name", exact, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("numbers", json, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["feature_sets.name"], name=op.f("fk_feature_rows_name")),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_feature_rows_symbol_id")),
        sa.PrimaryKeyConstraint("name", "symbol_id", "timeframe", "time", name=op.f("pk_feature_rows")),
    )


def downgrade() -> None:
    op.drop_table("feature_rows")
    op.drop_table("feature_sets")
