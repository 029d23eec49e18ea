"""Create the state of each key's alarm, so that a day costs one step."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "alarm_states",
        sa.Column("symbol_id", sa.BigInteger(), sa.ForeignKey("symbols.id"), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("version", exact, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("line", sa.JSON(), nullable=False),
        sa.Column("outcome_id", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("e_value", sa.Float(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("symbol_id", "timeframe", name=op.f("pk_alarm_states")),
    )


def downgrade() -> None:
    op.drop_table("alarm_states")
