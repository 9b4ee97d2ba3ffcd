"""Where in a video, and in the listed one, a look-back has found it, and how much of each."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_COLUMNS = (
    "last_seconds", "listed_seconds", "listed_last_seconds", "query_percent", "listed_percent",
)  # fmt: skip


def upgrade() -> None:
    """Nobody knows of what was found before; looking back with `--since 0` tells it again."""
    for name in _COLUMNS:
        op.add_column("lookback_finds", sa.Column(name, sa.Double(), nullable=True))
