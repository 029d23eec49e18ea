"""Add the heartbeat of a training run, and the identity by which the same training is known."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("training_run_progress", sa.Column("beat_at", sa.DateTime()))
    op.add_column("training_run_progress", sa.Column("identity", exact))
    op.create_index("idx_training_run_progress_identity", "training_run_progress", ["identity"])


def downgrade() -> None:
    op.drop_index("idx_training_run_progress_identity", "training_run_progress")
    op.drop_column("training_run_progress", "identity")
    op.drop_column("training_run_progress", "beat_at")
