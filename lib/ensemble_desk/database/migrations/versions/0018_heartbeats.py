"""Add the heartbeat of a training run, the identity by which the same training is known, and the daily rounds.

It also notes which code may go on with this schema; see `database/schema.py`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
zoned = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("training_run_progress", sa.Column("beat_at", sa.DateTime()))
    op.add_column("training_run_progress", sa.Column("identity", exact))
    op.create_index("idx_training_run_progress_identity", "training_run_progress", ["identity"])
    op.create_table(
        "daily_rounds",
        sa.Column("id", big_id, nullable=False),
        sa.Column("begun_at", zoned, nullable=False),
        sa.Column("finished_at", zoned),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.Column("under_way", exact),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("steps", json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_daily_rounds")),
        sa.UniqueConstraint("under_way", name=op.f("uq_daily_rounds_under_way")),
    )
    op.execute("INSERT INTO sync_state (name, value, updated_at) VALUES ('schema serves from', 17, CURRENT_TIMESTAMP)")


def downgrade() -> None:
    op.execute("DELETE FROM sync_state WHERE name = 'schema serves from'")
    op.drop_table("daily_rounds")
    op.drop_index("idx_training_run_progress_identity", "training_run_progress")
    op.drop_column("training_run_progress", "identity")
    op.drop_column("training_run_progress", "beat_at")
