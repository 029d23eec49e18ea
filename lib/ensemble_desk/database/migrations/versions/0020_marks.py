"""Create the marks of looks at outcomes, what was made of them for drift, and the beginnings of digests."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "outcome_marks",
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("bars", sa.Text(), nullable=False),
        sa.Column("past", sa.Text(), nullable=False),
        sa.Column("last_bar", sa.DateTime(timezone=True), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("forecast_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome_id", sa.BigInteger(), nullable=False),
        sa.Column("n_forecasts", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("no_label", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_outcome_marks_symbol_id")),
        sa.PrimaryKeyConstraint("symbol_id", "timeframe", name=op.f("pk_outcome_marks")),
    )
    op.create_table(
        "kept_drift",
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("what", exact, nullable=False),
        sa.Column("sign", sa.Text(), nullable=False),
        sa.Column("made", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_kept_drift_symbol_id")),
        sa.PrimaryKeyConstraint("symbol_id", "timeframe", "what", name=op.f("pk_kept_drift")),
    )
    op.create_table(
        "digest_begins",
        sa.Column("kind", exact, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_digest_begins_symbol_id")),
        sa.PrimaryKeyConstraint("kind", "symbol_id", "timeframe", name=op.f("pk_digest_begins")),
    )


def downgrade() -> None:
    op.drop_table("digest_begins")
    op.drop_table("kept_drift")
    op.drop_table("outcome_marks")
