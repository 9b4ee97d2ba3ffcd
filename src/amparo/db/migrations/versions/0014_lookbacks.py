"""What look-backs into catalogues have found, and how far each list was held against them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "lookback_finds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("catalogue_id", sa.Uuid(), nullable=False),
        sa.Column("object", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("list_number", sa.BigInteger(), nullable=False),
        sa.Column("signal_number", sa.BigInteger(), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=40), nullable=False),
        sa.Column("frame", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_lookback_finds_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookback_finds")),
        sa.UniqueConstraint(
            "organisation_id", "catalogue_id", "object", "signal_number",
            name=op.f("uq_lookback_finds_object"),
        ),
    )  # fmt: skip
    op.create_index("ix_lookback_finds_run", "lookback_finds", ["run"], unique=False)
    op.create_table(
        "lookback_marks",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("catalogue_id", sa.Uuid(), nullable=False),
        sa.Column("list_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_number"], ["lists.number"], name=op.f("fk_lookback_marks_list_number")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_lookback_marks_organisation_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "catalogue_id", "list_number", name=op.f("pk_lookback_marks")
        ),
    )
