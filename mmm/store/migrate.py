"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from mmm.errors import IntegrityError
from mmm.store.database import patient

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(engine: Engine) -> None:
    """Run every migration that has not run yet, in one transaction that no other writer can enter.

    Of two servers that start at once one migrates; the other waits and finds it done. There is no way down: an older
    schema has no place for some rows and keys, and would lose them. The way back is a backup.

    Raises:
        IntegrityError: the database was written by a newer version of the program.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    with patient(engine).begin() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
        if now == script.get_current_head():
            return
        if now is not None and now not in {revision.revision for revision in script.walk_revisions()}:
            raise IntegrityError(
                f"The database has schema {now}, which this version does not know; install the newer version again."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
