"""Which installation a database is, and when it was restored from a backup."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make it, with its one row."""
    made = op.create_table(
        "installation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("backed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vault_key", sa.String(length=64), nullable=True),
        sa.Column("access_key", sa.String(length=64), nullable=True),
        sa.Column("audit_key", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.bulk_insert(made, [{"id": uuid4(), "epoch": uuid4()}])
