"""Backups of the database."""

from __future__ import annotations

from pathlib import Path

from mmm.access import Actor, Permission
from mmm.services.base import Service, requires
from mmm.store.backup import copy_database


class Backups(Service):
    """Copies of the database, for an administrator."""

    @requires(Permission.BACK_UP)
    def make(self, actor: Actor, target: Path) -> int:
        """Copy the running database to a new private file and return its size in bytes.

        When the audit row cannot be written the copy is removed again.

        Raises:
            SpecError: the target cannot be written, or the database has tools of its own for this.
            ConflictError: the target exists already.
        """
        size = copy_database(self._kit.database.engine, target)
        try:
            with self._work() as uow:
                details = {"file": target.name, "bytes": size}
                uow.audit.record(actor, "back_up", "database", details=details, at=self._now())
                uow.commit()
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return size
