"""The first start: a workspace, its data key and its first people."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from mmm.access import Actor, Role, system_actor
from mmm.access.passwords import one_time_password
from mmm.errors import NotFoundError
from mmm.services.base import Kit
from mmm.services.users import add_user
from mmm.store.unit_of_work import UnitOfWork

SAMPLE_WORKSPACE = "Sample workspace"
EMPTY_WORKSPACE = "Workspace"


@dataclass(frozen=True)
class FirstRun:
    """What a first start made; the passwords exist here and in the credentials file, nowhere else.

    Attributes:
        credentials: sign-in name to one-time password.
        written_to: the file (0600) that holds them; delete it once everybody has signed in.
    """

    workspace_id: str
    workspace_name: str
    credentials: Mapping[str, str]
    written_to: Path


def create_workspace(kit: Kit) -> FirstRun | None:
    """Make the first workspace with its people, all or nothing; None when there is one already.

    With `settings.sample` one person per role, else one administrator. Whoever adds the sample data set does so after
    this returned, with `first_actor` and the ordinary services.
    """
    settings = kit.settings
    with kit.database.unit_of_work(read_only=True) as uow:
        if uow.users.workspaces():
            return None
    roles = tuple(Role) if settings.sample else (Role.ADMIN,)
    credentials = {role.value: one_time_password() for role in roles}
    hashes = {name: kit.passwords.hash(password) for name, password in credentials.items()}
    with kit.database.unit_of_work() as uow:
        if uow.users.workspaces():
            return None
        now = kit.clock()
        workspace = uow.users.add_workspace(SAMPLE_WORKSPACE if settings.sample else EMPTY_WORKSPACE, now)
        uow.vault.create_key(workspace.id)
        actor = system_actor(workspace.id, workspace.name, frozenset({Role.ADMIN}))
        uow.audit.record(actor, "create_workspace", "workspace", workspace.id, at=now)
        for role in roles:
            add_user(uow, actor, role.value, role.value.capitalize(), frozenset({role}), hashes[role.value], now)
        _write_private(settings.credentials_path, _credentials_text(credentials))
        uow.commit()
    return FirstRun(workspace.id, workspace.name, credentials, settings.credentials_path)


def first_actor(work: Callable[..., AbstractContextManager[UnitOfWork]], roles: frozenset[Role]) -> Actor:
    """The machine acting in the first workspace: for the sample data set and the command line.

    Raises:
        NotFoundError: the first start did not happen yet.
    """
    with work(read_only=True) as uow:
        workspaces = uow.users.workspaces()
    if not workspaces:
        raise NotFoundError("There is no workspace yet; start Mixwright once with “make run”.")
    return system_actor(workspaces[0].id, workspaces[0].name, roles)


def _credentials_text(credentials: Mapping[str, str]) -> str:
    width = max(len(name) for name in credentials)
    lines = [f"{name:<{width}}  {password}" for name, password in credentials.items()]
    head = "One-time passwords of the first start. Each must be changed at its first use; delete this file afterwards."
    return "\n".join([head, "", *lines, ""])


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; a leftover of a start that failed is replaced."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
