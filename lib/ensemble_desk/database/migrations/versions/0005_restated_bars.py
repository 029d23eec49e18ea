"""Create the list of what bars said before they were restated."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "ohlc_restatements",
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("replaced_at", moment, nullable=False),
        sa.Column("open", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("close", sa.Float(), nullable=False),
        sa.Column("volume", sa.Float(), nullable=False),
        sa.Column("adjusted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_ohlc_restatements_symbol_id")),
        sa.PrimaryKeyConstraint("symbol_id", "timeframe", "time", "replaced_at", name=op.f("pk_ohlc_restatements")),
    )


def downgrade() -> None:
    op.drop_table("ohlc_restatements")
