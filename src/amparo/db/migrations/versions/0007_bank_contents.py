"""What HMA's clients say of a bank's content, and how often a list counts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.add_column(
        "lists", sa.Column("enabled_share", sa.Double(), nullable=False, server_default="1.0")
    )
    op.add_column("lists", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("signals", sa.Column("content", sa.BigInteger(), nullable=True))
    op.add_column("signals", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_signals_content",
        "signals",
        ["content"],
        unique=False,
        sqlite_where=sa.text("content IS NOT NULL"),
        postgresql_where=sa.text("content IS NOT NULL"),
    )
    op.create_table(
        "bank_contents",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("list_number", _NUMBER, nullable=False),
        sa.Column("disable_until_ts", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=True),
        sa.Column("said", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["list_number"], ["lists.number"], name=op.f("fk_bank_contents_list_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_contents")),
    )
