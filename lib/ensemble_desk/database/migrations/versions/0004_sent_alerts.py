"""Create the list of alerts that were sent."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sent_alerts",
        sa.Column("topic", exact, nullable=False),
        sa.Column("channel", exact, nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", "channel", name=op.f("pk_sent_alerts")),
    )


def downgrade() -> None:
    op.drop_table("sent_alerts")
