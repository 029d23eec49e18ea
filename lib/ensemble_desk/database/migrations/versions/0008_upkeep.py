"""Create the list of rehearsed rollbacks and the tombstones of pruned versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rehearsals",
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("target", exact, nullable=False),
        sa.Column("sha256", exact, nullable=False),
        sa.Column("live", exact),
        sa.Column("code_revision", exact, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("failed_step", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", name=op.f("pk_rehearsals")),
    )
    op.create_table(
        "pruned_versions",
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("version", exact, nullable=False),
        sa.Column("file_name", exact, nullable=False),
        sa.Column("sha256", exact, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("manifest", json, nullable=False),
        sa.Column("pruned_at", moment, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("finished_at", moment),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_pruned_versions_symbol_id")),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "version", name=op.f("pk_pruned_versions")),
    )


def downgrade() -> None:
    op.drop_table("pruned_versions")
    op.drop_table("rehearsals")
