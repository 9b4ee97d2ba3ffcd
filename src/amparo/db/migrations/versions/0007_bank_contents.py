"""What HMA's clients say of a bank's content, and how often a list counts."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make them."""
