"""Alembic environment; started by `mmm.store.migrate`."""
