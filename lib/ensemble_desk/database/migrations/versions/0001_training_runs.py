"""Create symbols and training runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
plain_time = sa.DateTime()
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Create what is not there: a team's own two tables, made with the guide's statements, are used as they are."""
    there = sa.inspect(op.get_bind())
    if not there.has_table("symbols"):
        _create_symbols()
    if not there.has_table("training_runs"):
        _create_training_runs()
    _create_training_run_progress()


def downgrade() -> None:
    op.drop_table("training_run_progress")
    op.drop_table("training_runs")
    op.drop_table("symbols")


def _now() -> sa.TextClause:
    postgresql = op.get_bind().dialect.name == "postgresql"
    return sa.text("timezone('utc', now())" if postgresql else "CURRENT_TIMESTAMP")


def _create_symbols() -> None:
    op.create_table(
        "symbols",
        sa.Column("id", big_id, nullable=False),
        sa.Column("ticker", exact, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_symbols")),
        sa.UniqueConstraint("ticker", name=op.f("uq_symbols_ticker")),
    )


def _create_training_runs() -> None:
    op.create_table(
        "training_runs",
        sa.Column("id", big_id, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("run_date", plain_time, server_default=_now(), nullable=False),
        sa.Column("lookback_days", sa.Integer()),
        sa.Column("n_training_samples", sa.Integer()),
        sa.Column("n_validation_samples", sa.Integer()),
        sa.Column("ensemble_validation_accuracy", sa.Float()),
        sa.Column("model_performances", json),
        sa.Column("weights", json),
        sa.Column("models_artifact_path", sa.Text()),
        sa.Column("status", sa.Text(), server_default="completed"),
        sa.Column("error_message", sa.Text()),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_training_runs_symbol_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_runs")),
        sa.UniqueConstraint(
            "symbol_id", "timeframe", "run_date", name=op.f("uq_training_runs_symbol_id_timeframe_run_date")
        ),
    )
    op.create_index(
        "idx_training_runs_symbol_timeframe", "training_runs", ["symbol_id", "timeframe", sa.text("run_date DESC")]
    )


def _create_training_run_progress() -> None:
    op.create_table(
        "training_run_progress",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("n_steps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("step_name", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("as_of", moment),
        sa.Column("version", exact),
        sa.Column("actor", sa.Text(), server_default="", nullable=False),
        sa.Column("pid", sa.Integer()),
        sa.Column("host", sa.Text()),
        sa.Column("log", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["training_runs.id"], name=op.f("fk_training_run_progress_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_training_run_progress")),
    )
