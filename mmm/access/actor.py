"""Who is acting: the one object every service method takes first."""

from __future__ import annotations

from dataclasses import dataclass

from mmm.access.roles import PERMISSIONS, Permission, Role

SYSTEM_ID = "system"  # the machine itself: first start, the command line, background work


@dataclass(frozen=True)
class Actor:
    """A person in one workspace, as known at the moment of asking.

    Attributes:
        roles: roles held in this workspace.
        session_id: id of the session row (never the token), or "" when there is no browser session.
        must_change_password: True until a one-time password is changed; nothing else is allowed before.
    """

    user_id: str
    username: str
    display_name: str
    workspace_id: str
    workspace_name: str
    roles: frozenset[Role]
    session_id: str = ""
    must_change_password: bool = False

    def may(self, permission: Permission) -> bool:
        """True when one of the roles grants `permission` and no password change is due."""
        if self.must_change_password and permission is not Permission.CHANGE_OWN_PASSWORD:
            return False
        return any(permission in PERMISSIONS[role] for role in self.roles)


def system_actor(workspace_id: str, workspace_name: str, roles: frozenset[Role]) -> Actor:
    """The machine's operator (first start, command line), named "system" in the audit table."""
    return Actor(
        user_id=SYSTEM_ID,
        username=SYSTEM_ID,
        display_name="System",
        workspace_id=workspace_id,
        workspace_name=workspace_name,
        roles=roles,
    )
