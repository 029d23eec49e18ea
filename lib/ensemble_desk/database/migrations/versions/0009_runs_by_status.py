"""Let running and failed runs be found without reading all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if _is_owner():  # only the owner of a table may give it an index, and without this one it is slower, no more
        op.create_index("idx_training_runs_status", "training_runs", ["status", "id"], if_not_exists=True)


def _is_owner() -> bool:
    if op.get_bind().dialect.name != "postgresql":
        return True
    wanted = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'training_runs'::regclass"
    return bool(op.get_bind().execute(sa.text(wanted)).scalar_one())


def downgrade() -> None:
    op.drop_index("idx_training_runs_status", "training_runs", if_exists=True)
