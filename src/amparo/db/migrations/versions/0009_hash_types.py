"""How far hashes of other types may differ, by list."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make them."""
