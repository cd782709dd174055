"""Roles, permissions, password hashes, tokens; no database, no clock."""

from mmm.access.actor import SYSTEM_ID, Actor, system_actor
from mmm.access.roles import PERMISSIONS, Permission, Role

__all__ = ["PERMISSIONS", "SYSTEM_ID", "Actor", "Permission", "Role", "system_actor"]
