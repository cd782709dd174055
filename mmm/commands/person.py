"""The person in whose name a command works: their permissions hold, and the audit table names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mmm.errors import NotAllowedError, NotFoundError

if TYPE_CHECKING:
    from mmm.access import Actor
    from mmm.services import Services

As = Annotated[str, typer.Option("--as", help="Sign-in name of the person who does this.")]


def acting(services: Services, operator: Actor, username: str) -> Actor:
    """Somebody of the operator's workspace as an actor.

    Raises:
        NotFoundError: nobody has this name.
        NotAllowedError: the person is shut out.
    """
    with services.unit_of_work(read_only=True) as uow:
        user = uow.users.by_username(username)
        if user is None:
            raise NotFoundError(f"Nobody is called “{username}”; “mmm user list” shows everybody.")
        if not user.active:
            raise NotAllowedError(f"“{username}” is shut out; “mmm user activate {username}” lets them in again.")
        return uow.users.actor(operator.workspace_id, user.id)
