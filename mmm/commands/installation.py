"""The installation a command works on, and the operator who gives the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mmm.access import Actor, Role
from mmm.errors import NotFoundError

if TYPE_CHECKING:
    from mmm.services import Services


@contextmanager
def opened(*roles: Role) -> Iterator[tuple[Services, Actor]]:
    """The services of this installation, and the machine's operator with `roles`, named "system" in the audit table.

    Whoever can run commands here can read the key file, so the operating system's permissions are the check.

    Raises:
        NotFoundError: nothing was set up here yet.
    """
    from mmm.bootstrap import build_services
    from mmm.services.first_start import first_actor
    from mmm.settings import Settings

    settings = Settings()
    if settings.database_url is None and not settings.database_path.exists():
        raise NotFoundError(
            f"There is no installation in {settings.var_dir.resolve()}; start it once with “make run”, "
            "or name another place in MMM_VAR_DIR."
        )
    services = build_services(settings)
    try:
        yield services, first_actor(services.unit_of_work, frozenset(roles))
    finally:
        services.close()
