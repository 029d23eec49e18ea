"""Create the forecast log, outcomes, drift monitoring and bars."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)
exact = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    _create_forecasts()
    _create_outcomes()
    if not sa.inspect(op.get_bind()).has_table("drift_monitoring"):  # a team's own is used as it is
        _create_drift_monitoring()
    _create_ohlc_bars()


def downgrade() -> None:
    op.drop_table("ohlc_bars")
    op.drop_table("drift_monitoring")
    op.drop_table("outcomes")
    op.drop_table("forecasts")


def _create_forecasts() -> None:
    op.create_table(
        "forecasts",
        sa.Column("id", big_id, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("version", exact, nullable=False),
        sa.Column("sha256", exact, nullable=False),
        sa.Column("pointer_revision", sa.BigInteger()),
        sa.Column("as_of", moment, nullable=False),
        sa.Column("target_at", moment),
        sa.Column("horizon", exact, nullable=False),
        sa.Column("horizon_bars", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("p_bearish", sa.Float(), nullable=False),
        sa.Column("p_neutral", sa.Float(), nullable=False),
        sa.Column("p_bullish", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("agreement", sa.Float(), nullable=False),
        sa.Column("members", json, nullable=False),
        sa.Column("weights_used", json, nullable=False),
        sa.Column("abstentions", json, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_forecasts_symbol_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
        sa.UniqueConstraint(
            "symbol_id",
            "timeframe",
            "version",
            "as_of",
            "horizon",
            name=op.f("uq_forecasts_symbol_id_timeframe_version_as_of_horizon"),
        ),
    )
    op.create_index("idx_forecasts_key_horizon_as_of", "forecasts", ["symbol_id", "timeframe", "horizon", "as_of"])


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", big_id, nullable=False),
        sa.Column("forecast_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("move", sa.Float()),
        sa.Column("threshold", sa.Float()),
        sa.Column("price_from", sa.Float()),
        sa.Column("price_to", sa.Float()),
        sa.Column("target_at", moment),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["forecast_id"], ["forecasts.id"], name=op.f("fk_outcomes_forecast_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("forecast_id", "revision", name=op.f("uq_outcomes_forecast_id_revision")),
    )


def _create_drift_monitoring() -> None:
    op.create_table(
        "drift_monitoring",
        sa.Column("id", big_id, nullable=False),
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("accuracy", sa.Float()),
        sa.Column("n_predictions", sa.Integer(), nullable=False),
        sa.Column("baseline_accuracy", sa.Float()),
        sa.Column("drift_margin", sa.Float()),
        sa.Column("drift_detected", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_drift_monitoring_symbol_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift_monitoring")),
        sa.UniqueConstraint(
            "symbol_id", "timeframe", "date", name=op.f("uq_drift_monitoring_symbol_id_timeframe_date")
        ),
    )


def _create_ohlc_bars() -> None:
    op.create_table(
        "ohlc_bars",
        sa.Column("symbol_id", sa.BigInteger(), nullable=False),
        sa.Column("timeframe", exact, nullable=False),
        sa.Column("time", moment, nullable=False),
        sa.Column("open", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("close", sa.Float(), nullable=False),
        sa.Column("volume", sa.Float(), nullable=False),
        sa.Column("adjusted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["symbol_id"], ["symbols.id"], name=op.f("fk_ohlc_bars_symbol_id")),
        sa.PrimaryKeyConstraint("symbol_id", "timeframe", "time", name=op.f("pk_ohlc_bars")),
    )
