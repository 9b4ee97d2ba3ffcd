"""The text of a signal that is no hash of a fixed width, such as the frames of a video."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make room for it; no signal of before has one."""
    op.add_column("signals", sa.Column("text", sa.Text(), server_default="", nullable=False))
