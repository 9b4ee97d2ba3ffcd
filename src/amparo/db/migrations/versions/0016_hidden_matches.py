"""By what matches were hidden from a look-back, and the bytes of keys that are not UTF-8."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Nobody knows it of earlier look-backs, after which the next one searches in whole."""
    op.add_column("lookback_marks", sa.Column("hidden", sa.JSON(), nullable=True))
    op.add_column("lookback_finds", sa.Column("key_bytes", sa.LargeBinary(), nullable=True))
