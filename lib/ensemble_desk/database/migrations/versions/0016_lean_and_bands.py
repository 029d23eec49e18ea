"""Add to forecasts the lean, and the expected move with its bands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("forecasts", sa.Column("lean", sa.Text()))
    op.add_column("forecasts", sa.Column("bands", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))


def downgrade() -> None:
    op.drop_column("forecasts", "bands")
    op.drop_column("forecasts", "lean")
