"""Alembic's entry: runs the migrations over the connection that `migrations.upgrade` hands in."""

from alembic import context

from models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="models.base.",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
