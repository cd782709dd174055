"""Runs migrations on the connection handed over by `mmm.store.migrate.upgrade`."""

from alembic import context

from mmm.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
