"""People of a workspace: an administrator's work."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mmm.access import SYSTEM_ID, Actor, Permission, Role
from mmm.access.passwords import one_time_password
from mmm.errors import ConflictError, NotFoundError, SpecError
from mmm.services.base import Service, requires
from mmm.store.tables import MembershipRow, UserRow
from mmm.store.unit_of_work import UnitOfWork

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True)
class UserInfo:
    """A person as an administrator sees them; `locked_until` is UTC and None when not locked now."""

    id: str
    username: str
    display_name: str
    roles: frozenset[Role]
    active: bool
    must_change_password: bool
    locked_until: datetime | None


@dataclass(frozen=True)
class Invitation:
    """A person with a one-time password, which is shown once and stored nowhere."""

    user: UserInfo
    one_time_password: str


class Users(Service):
    """List, create, reset, set roles, deactivate and activate; the last administrator always stays."""

    @requires(Permission.MANAGE_USERS)
    def list(self, actor: Actor) -> tuple[UserInfo, ...]:
        """Everybody in the workspace, by sign-in name."""
        now = self._now()
        with self._work(read_only=True) as uow:
            return tuple(_info(user, roles, now) for user, roles in uow.users.in_workspace(actor.workspace_id))

    @requires(Permission.MANAGE_USERS)
    def create(self, actor: Actor, *, username: str, display_name: str, roles: Iterable[Role]) -> Invitation:
        """A new person with a random one-time password.

        Raises:
            SpecError: the name has signs that sign-in names may not have, or no role was given.
            ConflictError: somebody has this name.
        """
        name, held = username.strip().lower(), frozenset(roles)
        _check_new(name, held)
        password = one_time_password()
        hashed = self._kit.passwords.hash(password)
        with self._work() as uow:
            now = self._now()
            user = add_user(uow, actor, name, display_name.strip() or name, held, hashed, now)
            info = _info(user, held, now)
            uow.commit()
        return Invitation(info, password)

    @requires(Permission.MANAGE_USERS)
    def reset_password(self, actor: Actor, user_id: str) -> Invitation:
        """Give somebody a new one-time password, lift their lock, and end their sessions."""
        password = one_time_password()
        hashed = self._kit.passwords.hash(password)
        with self._work() as uow:
            now = self._now()
            user, membership = _member(uow, actor, user_id)
            user.password_hash = hashed
            user.must_change_password = True
            user.failed_attempts, user.locked_until = 0, None
            _end_sessions(uow, user, now)
            uow.audit.record(actor, "reset_password", "user", user.id, details={"username": user.username}, at=now)
            info = _info(user, _roles(membership), now)
            uow.commit()
        return Invitation(info, password)

    @requires(Permission.MANAGE_USERS)
    def set_roles(self, actor: Actor, user_id: str, roles: Iterable[Role]) -> UserInfo:
        """Replace somebody's roles; true from their next click.

        Raises:
            SpecError: no role was given.
            ConflictError: nobody would be left to administer.
        """
        held = frozenset(roles)
        if not held:
            raise SpecError("A person needs at least one role; deactivate them instead.")
        with self._work() as uow:
            now = self._now()
            user, membership = _member(uow, actor, user_id)
            if Role.ADMIN not in held:
                _keep_one_admin(uow, actor, user)
            details = {"username": user.username, "from": sorted(membership.roles), "to": sorted(held)}
            uow.users.set_roles(membership, held)
            uow.audit.record(actor, "set_roles", "user", user.id, details=details, at=now)
            info = _info(user, held, now)
            uow.commit()
        return info

    @requires(Permission.MANAGE_USERS)
    def deactivate(self, actor: Actor, user_id: str) -> UserInfo:
        """Shut somebody out at once; what they made stays theirs.

        Raises:
            ConflictError: nobody would be left to administer.
        """
        return self._set_active(actor, user_id, active=False)

    @requires(Permission.MANAGE_USERS)
    def activate(self, actor: Actor, user_id: str) -> UserInfo:
        """Let somebody sign in again with the password they had."""
        return self._set_active(actor, user_id, active=True)

    def _set_active(self, actor: Actor, user_id: str, *, active: bool) -> UserInfo:
        with self._work() as uow:
            now = self._now()
            user, membership = _member(uow, actor, user_id)
            if not active:
                _keep_one_admin(uow, actor, user)
                _end_sessions(uow, user, now)
            user.active = active
            action = "activate_user" if active else "deactivate_user"
            uow.audit.record(actor, action, "user", user.id, details={"username": user.username}, at=now)
            info = _info(user, _roles(membership), now)
            uow.commit()
        return info


def add_user(
    uow: UnitOfWork,
    actor: Actor,
    username: str,
    display_name: str,
    roles: frozenset[Role],
    password_hash: str,
    now: datetime,
) -> UserRow:
    """A person with a one-time password, inside a unit of work, with its audit row.

    Raises:
        ConflictError: somebody has this name.
    """
    if uow.users.by_username(username) is not None:
        raise ConflictError(f"Somebody is called “{username}” already; choose another sign-in name.")
    user = UserRow(
        username=username,
        display_name=display_name[:200],
        password_hash=password_hash,
        must_change_password=True,
        active=True,
        failed_attempts=0,
        token_version=0,
        created_at=now,
    )
    uow.users.add(user, actor.workspace_id, roles)
    details = {"username": username, "roles": sorted(roles)}
    uow.audit.record(actor, "create_user", "user", user.id, details=details, at=now)
    return user


def _check_new(username: str, roles: frozenset[Role]) -> None:
    if not USERNAME.fullmatch(username):
        raise SpecError(
            f"“{username}” cannot be a sign-in name: use 2 to 64 small letters, digits, dots, dashes, underscores or @."
        )
    if username == SYSTEM_ID:
        raise SpecError(f"“{SYSTEM_ID}” is how the audit table names the machine itself; choose another sign-in name.")
    if not roles:
        raise SpecError("A person needs at least one role: " + ", ".join(Role) + ".")


def _member(uow: UnitOfWork, actor: Actor, user_id: str) -> tuple[UserRow, MembershipRow]:
    found = uow.users.member(actor.workspace_id, user_id)
    if found is None:
        raise NotFoundError("There is no such person in this workspace; look at the list again.")
    return found


def _keep_one_admin(uow: UnitOfWork, actor: Actor, leaving: UserRow) -> None:
    for user, roles in uow.users.in_workspace(actor.workspace_id):
        if user.id != leaving.id and user.active and Role.ADMIN in roles:
            return
    if leaving.active:
        raise ConflictError(f"{leaving.username} is the last administrator; make somebody else one first.")


def _end_sessions(uow: UnitOfWork, user: UserRow, now: datetime) -> None:
    user.token_version += 1
    uow.sessions.end_all_of(user.id, now)


def _roles(membership: MembershipRow) -> frozenset[Role]:
    return frozenset(Role(role) for role in membership.roles)


def _info(user: UserRow, roles: frozenset[Role], now: datetime) -> UserInfo:
    locked = user.locked_until if user.locked_until is not None and now < user.locked_until else None
    return UserInfo(
        id=user.id,
        username=user.username,
        display_name=user.display_name,
        roles=roles,
        active=user.active,
        must_change_password=user.must_change_password,
        locked_until=locked,
    )
