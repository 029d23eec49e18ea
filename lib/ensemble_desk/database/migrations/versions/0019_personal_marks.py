"""Create what a person keeps for themself: keys that they watch, introductions that they have read."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "personal_marks",
        sa.Column("person", exact, nullable=False),
        sa.Column("kind", exact, nullable=False),
        sa.Column("subject", exact, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", "subject", name=op.f("pk_personal_marks")),
    )


def downgrade() -> None:
    op.drop_table("personal_marks")
