"""Create notes, alerts as they came and went, and visits; index history by time, person and kind."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", big_id, nullable=False),
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("version", exact),
        sa.Column("move_hash", exact),
        sa.Column("move_id", sa.BigInteger()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("idx_notes_key_at", "notes", ["symbol", "timeframe", "at"])
    op.create_index("idx_notes_move_hash", "notes", ["move_hash"])
    op.create_index("idx_notes_at", "notes", ["at", "id"])
    op.create_table(
        "alert_events",
        sa.Column("id", big_id, nullable=False),
        sa.Column("topic", exact, nullable=False),
        sa.Column("after_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("symbol", exact),
        sa.Column("timeframe", exact),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_events")),
        sa.UniqueConstraint("topic", "after_id", name=op.f("uq_alert_events_topic_after_id")),
    )
    op.create_index("idx_alert_events_at", "alert_events", ["at", "id"])
    op.create_table(
        "activity_visits",
        sa.Column("person", exact, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_activity_visits")),
    )
    op.create_index("idx_deployments_at", "deployments", ["at", "id"])
    op.create_index("idx_deployments_actor_at", "deployments", ["actor", "at", "id"])
    op.create_index("idx_deployments_action_at", "deployments", ["outcome", "action", "at", "id"])
    op.create_index("idx_pruned_versions_pruned_at", "pruned_versions", ["pruned_at"])
    if _is_owner():  # only the owner of a table may give it an index, and without this one it is slower, no more
        op.create_index("idx_training_runs_run_date", "training_runs", ["run_date", "id"], if_not_exists=True)


def _is_owner() -> bool:
    if op.get_bind().dialect.name != "postgresql":
        return True
    wanted = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'training_runs'::regclass"
    return bool(op.get_bind().execute(sa.text(wanted)).scalar_one())


def downgrade() -> None:
    op.drop_index("idx_training_runs_run_date", "training_runs", if_exists=True)
    op.drop_index("idx_pruned_versions_pruned_at", "pruned_versions")
    for name in ("action_at", "actor_at", "at"):
        op.drop_index(f"idx_deployments_{name}", "deployments")
    for name in ("activity_visits", "alert_events", "notes"):
        op.drop_table(name)
