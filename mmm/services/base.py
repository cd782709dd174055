"""What every service shares: its tools, and the declaration of who may call a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from mmm.access import Actor, Permission
from mmm.access.passwords import Passwords
from mmm.errors import NotAllowedError
from mmm.settings import Settings
from mmm.store.audit import REFUSED

if TYPE_CHECKING:
    from mmm.store.database import Database

Clock = Callable[[], datetime]
P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="Service")
F = TypeVar("F", bound=Callable[..., Any])


def utc_now() -> datetime:
    """The time, aware and in UTC; tests hand in another clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Kit:
    """What services are built from; made once, in `mmm.bootstrap`."""

    database: Database
    settings: Settings
    clock: Clock
    passwords: Passwords


class Service:
    """Base of every service. A public method takes the `Actor` first and carries `@requires` or `@open_to_all`."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._work = kit.database.unit_of_work
        self._now = kit.clock


def requires(
    *permissions: Permission,
    every: bool = False,
) -> Callable[[Callable[Concatenate[S, Actor, P], R]], Callable[Concatenate[S, Actor, P], R]]:
    """Declare who may call a service method: whoever holds at least one of `permissions`, or `every` one of them.

    A refused call is written to the audit table.

    Raises:
        NotAllowedError: the actor does not hold them, or has a one-time password to change first.
    """
    enough = all if every else any

    def declare(method: Callable[Concatenate[S, Actor, P], R]) -> Callable[Concatenate[S, Actor, P], R]:
        @wraps(method)
        def guarded(self: S, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not enough(actor.may(permission) for permission in permissions):
                _refuse(self, actor, method.__qualname__)
            return method(self, actor, *args, **kwargs)

        guarded.permissions = frozenset(permissions)  # type: ignore[attr-defined]
        return guarded

    return declare


def open_to_all(reason: str) -> Callable[[F], F]:
    """Declare that a service method checks no permission, and why that is right."""

    def declare(method: F) -> F:
        method.open_because = reason  # type: ignore[attr-defined]
        return method

    return declare


def _refuse(service: Service, actor: Actor, method: str) -> None:
    with service._kit.database.unit_of_work() as uow:
        uow.audit.record(
            actor, "refuse", "service", outcome=REFUSED, details={"method": method}, at=service._kit.clock()
        )
        uow.commit()
    if actor.must_change_password:
        raise NotAllowedError("Please choose a password of your own first; the one-time password opens nothing else.")
    roles = ", ".join(sorted(role.value for role in actor.roles)) or "no role"
    raise NotAllowedError(f"This is not open to {roles}. An administrator can change what you may do.")
