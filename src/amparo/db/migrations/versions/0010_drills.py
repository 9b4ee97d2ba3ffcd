"""Whether a database was restored as a drill, which tells nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """None is one so far."""
    op.add_column(
        "installation",
        sa.Column("is_drill", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
