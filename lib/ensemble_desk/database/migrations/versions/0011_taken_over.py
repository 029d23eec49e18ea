"""Create the list of training runs that were copied from another program's table."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "copied_runs",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", exact, nullable=False),
        sa.Column("digest", exact, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_runs.id"], name=op.f("fk_copied_runs_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_copied_runs")),
        sa.UniqueConstraint("other_id", name=op.f("uq_copied_runs_other_id")),
    )


def downgrade() -> None:
    op.drop_table("copied_runs")
