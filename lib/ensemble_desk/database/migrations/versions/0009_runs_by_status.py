"""Let running and failed runs be found without reading all of them."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("idx_training_runs_status", "training_runs", ["status", "id"])


def downgrade() -> None:
    op.drop_index("idx_training_runs_status", "training_runs")
