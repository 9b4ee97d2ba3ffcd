"""Videos on lists: the text of a signal that is no hash of a fixed width, and when they match."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make room for them; no signal of before has a text, and lists match by the usual rules."""
    op.add_column("signals", sa.Column("text", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "lists",
        sa.Column("video_rules", sa.JSON(), server_default="[[80, 0], [0, 80]]", nullable=False),
    )
