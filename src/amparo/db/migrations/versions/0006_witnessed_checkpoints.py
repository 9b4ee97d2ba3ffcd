"""Checkpoints of others' audit trails, to which this installation is a witness; and its own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "audit_witnesses",
        sa.Column("name", sa.String(length=2000), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_witnesses")),
    )
    op.create_table(
        "witnessed_trails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_witnessed_trails_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnessed_trails")),
        sa.UniqueConstraint(
            "organisation_id", "name", name=op.f("uq_witnessed_trails_organisation_id_name")
        ),
    )
    op.create_table(
        "witnessed_checkpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trail_id", sa.Uuid(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contradiction", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["trail_id"], ["witnessed_trails.id"], name=op.f("fk_witnessed_checkpoints_trail_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnessed_checkpoints")),
    )
    op.create_index(
        "ix_witnessed_checkpoints_trail_id_position",
        "witnessed_checkpoints",
        ["trail_id", "position"],
        unique=False,
    )
    op.create_index(
        "ix_witnessed_checkpoints_trail_id_id",
        "witnessed_checkpoints",
        ["trail_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_witnessed_checkpoints_contradicting",
        "witnessed_checkpoints",
        ["trail_id"],
        unique=False,
        sqlite_where=sa.text("contradiction IS NOT NULL"),
        postgresql_where=sa.text("contradiction IS NOT NULL"),
    )
