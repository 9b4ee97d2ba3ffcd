"""How far hashes of other types may differ, by list."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make them."""
    op.add_column("lists", sa.Column("radii", sa.JSON(), server_default="{}", nullable=False))
