"""Which installation a database is, and when it was restored from a backup."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make them."""
