"""Create the table of kept mappings: how files of bars of one shape are read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bar_mappings",
        sa.Column("name", exact, nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("answers", json, nullable=False),
        sa.Column("kept_at", moment, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bar_mappings")),
    )


def downgrade() -> None:
    op.drop_table("bar_mappings")
