"""Give every version the digest of its serving form."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("model_versions", sa.Column("serving_sha256", exact))


def downgrade() -> None:
    op.drop_column("model_versions", "serving_sha256")
