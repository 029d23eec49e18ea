"""Create the counts of versions by key and state, and count those there are."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "version_counts",
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("state", exact, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "state", name=op.f("pk_version_counts")),
    )
    op.execute(
        "INSERT INTO version_counts (symbol, timeframe, state, n) "
        "SELECT symbol, timeframe, state, count(*) FROM model_versions GROUP BY symbol, timeframe, state"
    )


def downgrade() -> None:
    op.drop_table("version_counts")
