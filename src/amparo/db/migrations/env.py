"""Runs migrations on the connection that `amparo.db.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes["metadata"],
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
