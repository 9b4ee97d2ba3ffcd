"""Whom the letters of solo mode go to, and the delay: as they were when something was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Of what was begun before, as they are now."""
    op.execute(
        "DELETE FROM solo_notices WHERE organisation_id NOT IN "
        "(SELECT organisation_id FROM solo_modes)"
    )
    address = sa.Column("address", sa.String(length=200), server_default="", nullable=False)
    op.add_column("solo_notices", address)
    op.add_column(
        "solo_notices", sa.Column("hours", sa.Integer(), server_default="0", nullable=False)
    )
    op.execute(
        "UPDATE solo_notices SET (address, hours) = (SELECT address, hours FROM solo_modes "
        "WHERE solo_modes.organisation_id = solo_notices.organisation_id)"
    )
