"""Replacing the keys that data are sealed with, for an administrator, while everybody goes on working."""

from __future__ import annotations

from dataclasses import dataclass

from mmm.access import Actor, Permission
from mmm.services.base import Service, requires
from mmm.store import rotation


@dataclass(frozen=True)
class Rotation:
    """What a rotation of data keys did in one workspace.

    Attributes:
        resumed: an earlier rotation had been cut off; this one finished it.
        rows: rows that were sealed anew.
        removed: older data keys, which nothing refers to any more.
    """

    workspace: str
    resumed: bool
    rows: int
    removed: int


class Keys(Service):
    """The keys of the installation."""

    @requires(Permission.MANAGE_KEYS)
    def rotate(self, actor: Actor) -> tuple[Rotation, ...]:
        """Give every workspace a new data key, seal its rows with it and remove the older one.

        Rows are sealed one at a time, so nobody waits; when it is cut off, calling it again goes on.
        """
        with self._work(read_only=True) as uow:
            workspaces = [(row.id, row.name) for row in uow.users.workspaces()]
        return tuple(self._rotate(actor, workspace_id, name) for workspace_id, name in workspaces)

    @requires(Permission.MANAGE_KEYS)
    def rotate_master(self, actor: Actor) -> int:
        """Put a new master key first in the key file and bring the database under it; returns the data keys rewrapped.

        Cut off between the two, the next start finishes it. Older keys stay in the file for older backups.
        """
        with self._work() as uow:
            rewrapped = rotation.replace_master_key(uow.session, self._kit.database.keyring)
            details = {"key": self._kit.database.keyring.newest.id, "data_keys": rewrapped}
            uow.audit.record(actor, "rotate_master_key", "installation", details=details, at=self._now())
            uow.commit()
        return rewrapped

    @requires(Permission.MANAGE_KEYS)
    def forget_older(self, actor: Actor) -> int:
        """Remove every master key but the newest from the key file; backups made under them cannot be read any more.

        Returns:
            How many were removed.
        """
        with self._work() as uow:
            uow.audit.record(actor, "forget_master_keys", "installation", at=self._now())
            removed = rotation.forget_older_master_keys(uow.session, self._kit.database.keyring)
            uow.commit()
        return removed

    def _rotate(self, actor: Actor, workspace_id: str, name: str) -> Rotation:
        with self._work() as uow:
            fresh = rotation.begin(uow, workspace_id)
            details = {"resumed": not fresh}
            uow.audit.record(actor, "rotate_data_key", "workspace", workspace_id, details=details, at=self._now())
            uow.commit()
        rows = sum(1 for _ in rotation.reseal(self._work, workspace_id))
        with self._work() as uow:
            removed = rotation.finish(uow, workspace_id)
            done = {"rows": rows, "keys": removed}
            uow.audit.record(actor, "remove_data_key", "workspace", workspace_id, details=done, at=self._now())
            uow.commit()
        return Rotation(name, resumed=not fresh, rows=rows, removed=removed)
