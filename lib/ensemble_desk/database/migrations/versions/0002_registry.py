"""Create the version index, the production pointers and their history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    _create_model_versions()
    _create_version_manifests()
    _create_rejected_files()
    _create_production_pointers()
    _create_deployments()
    _create_sync_state()


def downgrade() -> None:
    op.drop_table("sync_state")
    op.drop_table("deployments")
    op.drop_table("production_pointers")
    op.drop_table("rejected_files")
    op.drop_table("version_manifests")
    op.drop_table("model_versions")


def _create_model_versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", big_id, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("version", exact, nullable=False),
        sa.Column("file_name", exact, nullable=False),
        sa.Column("sha256", exact, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger()),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("registered_at", moment, nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("health", exact, nullable=False),
        sa.Column("quarantine_reason", sa.Text()),
        sa.Column("state", exact, nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("ensemble_accuracy", sa.Float()),
        sa.Column("accuracy_sort", sa.Float(), nullable=False),
        sa.Column("baseline_accuracy", sa.Float()),
        sa.Column("accuracy_low", sa.Float()),
        sa.Column("accuracy_high", sa.Float()),
        sa.Column("n_holdout", sa.Integer()),
        sa.Column("n_eff", sa.Float()),
        sa.Column("weights", json, nullable=False),
        sa.Column("first_bar", moment),
        sa.Column("last_bar", moment),
        sa.Column("run_id", sa.BigInteger()),
        sa.Column("leakage_suspected", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_model_versions_symbol_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
        sa.UniqueConstraint(
            "symbol_id", "timeframe", "version", name=op.f("uq_model_versions_symbol_id_timeframe_version")
        ),
    )
    op.create_index("idx_model_versions_accuracy_sort", "model_versions", ["accuracy_sort", "id"])
    op.create_index("idx_model_versions_created_at", "model_versions", ["created_at", "id"])
    op.create_index("idx_model_versions_state_accuracy_sort", "model_versions", ["state", "accuracy_sort", "id"])
    op.create_index("idx_model_versions_state_created_at", "model_versions", ["state", "created_at", "id"])
    op.create_index("idx_model_versions_state_version", "model_versions", ["state", "version", "id"])
    op.create_index("idx_model_versions_symbol_order", "model_versions", ["symbol", "timeframe", "version"])
    op.create_index(
        "idx_model_versions_timeframe_accuracy_sort", "model_versions", ["timeframe", "accuracy_sort", "id"]
    )
    op.create_index("idx_model_versions_timeframe_created_at", "model_versions", ["timeframe", "created_at", "id"])
    op.create_index("idx_model_versions_timeframe_version", "model_versions", ["timeframe", "version", "id"])
    op.create_index("idx_model_versions_version", "model_versions", ["version", "id"])


def _create_version_manifests() -> None:
    op.create_table(
        "version_manifests",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("manifest", json, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["model_versions.id"], name=op.f("fk_version_manifests_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_version_manifests")),
    )


def _create_rejected_files() -> None:
    op.create_table(
        "rejected_files",
        sa.Column("file_name", exact, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("file_name", name=op.f("pk_rejected_files")),
    )


def _create_production_pointers() -> None:
    op.create_table(
        "production_pointers",
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("symbol", exact, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("version", exact),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sha256", exact),
        sa.Column("previous_version", exact),
        sa.Column("head_position", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", exact, nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_production_pointers_symbol_id")),
        sa.PrimaryKeyConstraint("symbol_id", "timeframe", name=op.f("pk_production_pointers")),
        sa.UniqueConstraint("symbol", "timeframe", name=op.f("uq_production_pointers_symbol_timeframe")),
    )


def _create_deployments() -> None:
    op.create_table(
        "deployments",
        sa.Column("id", big_id, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("symbol", exact, nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("subject", exact),
        sa.Column("from_version", exact),
        sa.Column("to_version", exact),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("moved_revision", sa.BigInteger()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sha256", exact),
        sa.Column("preflight", sa.JSON(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("group_id", exact),
        sa.Column("previous_hash", exact, nullable=False),
        sa.Column("hash", exact, nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_deployments_symbol_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployments")),
        sa.UniqueConstraint(
            "symbol", "timeframe", "moved_revision", name=op.f("uq_deployments_symbol_timeframe_moved_revision")
        ),
        sa.UniqueConstraint("symbol", "timeframe", "position", name=op.f("uq_deployments_symbol_timeframe_position")),
    )
    op.create_index("idx_deployments_group_id", "deployments", ["group_id"])
    op.create_index("idx_deployments_key_at", "deployments", ["symbol", "timeframe", "at"])


def _create_sync_state() -> None:
    op.create_table(
        "sync_state",
        sa.Column("name", exact, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sync_state")),
    )
