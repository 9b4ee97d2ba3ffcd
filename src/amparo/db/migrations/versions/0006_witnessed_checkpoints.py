"""Checkpoints of others' audit trails, to which this installation is a witness."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make them."""
