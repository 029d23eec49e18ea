"""Create the roles given to people, and the tokens of jobs and services."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "role_changes",
        sa.Column("id", big_id, nullable=False),
        sa.Column("person", exact, nullable=False),
        sa.Column("role", exact),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_changes")),
    )
    op.create_index("idx_role_changes_person", "role_changes", ["person", "id"])
    op.create_table(
        "access_tokens",
        sa.Column("name", exact, nullable=False),
        sa.Column("sha256", exact, nullable=False),
        sa.Column("role", exact, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("revoked_at", moment),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("sha256", name=op.f("uq_access_tokens_sha256")),
    )


def downgrade() -> None:
    op.drop_table("access_tokens")
    op.drop_table("role_changes")
