"""Create the newest line of the ledger, and the daily digests of forecasts, outcomes, drift, bars and runs."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("name", exact, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", exact, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "daily_digests",
        sa.Column("kind", exact, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("n_rows", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_daily_digests_symbol_id")),
        sa.PrimaryKeyConstraint("kind", "symbol_id", "timeframe", "day", name=op.f("pk_daily_digests")),
    )


def downgrade() -> None:
    op.drop_table("daily_digests")
    op.drop_table("ledger_head")
