"""What a person may do: permission, transaction, audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from mmm.services.accounts import Accounts
    from mmm.services.audit import Audit
    from mmm.services.users import Users
    from mmm.store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Services:
    """One attribute an area; built only in `mmm.bootstrap`."""

    accounts: Accounts
    users: Users
    audit: Audit
    unit_of_work: Callable[..., AbstractContextManager[UnitOfWork]]
    close: Callable[[], None]
