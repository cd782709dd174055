"""Who may do what: roles, permissions and the table that joins them."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What a person is in a workspace; a person may hold several."""

    EXECUTIVE = "executive"
    MANAGER = "manager"
    ANALYST = "analyst"
    ENGINEER = "engineer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Permission(StrEnum):
    """One thing that may be done. Whatever no role grants, nobody may do."""

    CHANGE_OWN_PASSWORD = "change_own_password"  # noqa: S105 - the name of a permission
    SEE_RESULTS = "see_results"
    MAKE_PLANS = "make_plans"
    APPROVE_PLANS = "approve_plans"
    SEE_DATA = "see_data"
    UPLOAD_DATA = "upload_data"
    TRAIN = "train"
    PUBLISH = "publish"
    EXPORT = "export"
    SEE_JOBS = "see_jobs"
    CANCEL_OWN_JOB = "cancel_own_job"
    CANCEL_ANY_JOB = "cancel_any_job"
    SEE_AUDIT = "see_audit"
    MANAGE_USERS = "manage_users"
    BACK_UP = "back_up"
    MANAGE_KEYS = "manage_keys"


_P = Permission
_EVERYONE = {_P.CHANGE_OWN_PASSWORD}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.EXECUTIVE: frozenset(_EVERYONE | {_P.SEE_RESULTS, _P.APPROVE_PLANS, _P.EXPORT}),
        Role.MANAGER: frozenset(_EVERYONE | {_P.SEE_RESULTS, _P.MAKE_PLANS, _P.EXPORT}),
        Role.ANALYST: frozenset(
            _EVERYONE
            | {_P.SEE_RESULTS, _P.MAKE_PLANS, _P.SEE_DATA, _P.UPLOAD_DATA, _P.TRAIN, _P.PUBLISH, _P.EXPORT}
            | {_P.SEE_JOBS, _P.CANCEL_OWN_JOB}
        ),
        Role.ENGINEER: frozenset(_EVERYONE | {_P.SEE_DATA, _P.UPLOAD_DATA, _P.SEE_JOBS, _P.CANCEL_OWN_JOB}),
        Role.AUDITOR: frozenset(_EVERYONE | {_P.SEE_AUDIT}),
        Role.ADMIN: frozenset(
            _EVERYONE | {_P.SEE_AUDIT, _P.MANAGE_USERS, _P.BACK_UP, _P.MANAGE_KEYS, _P.SEE_JOBS, _P.CANCEL_ANY_JOB},
        ),
    }
)
"""What each role may do (the roles table of the architecture document)."""
