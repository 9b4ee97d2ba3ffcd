"""How much of an upload is blurred for people, and contracts with services elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Nothing was blurred so far, and no contract confirmed."""
    op.add_column("decisions", sa.Column("blur", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "contracts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("partner", sa.String(length=50), nullable=False),
        sa.Column("covers", sa.String(length=50), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_contracts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "partner", name=op.f("pk_contracts")),
    )
