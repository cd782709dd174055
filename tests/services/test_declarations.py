"""Default deny: what no service method declares, nobody may do."""

import inspect

import pytest

from mmm.access import Actor, Role
from mmm.errors import NotAllowedError
from mmm.services.base import Service


def public_methods(services):
    areas = [getattr(services, name) for name in services.__dataclass_fields__]
    for area in (area for area in areas if isinstance(area, Service)):
        for name, method in inspect.getmembers(type(area), callable):
            if not name.startswith("_"):
                yield area, name, method


def test_every_public_method_declares_who_may_call_it(services):
    undeclared = [
        f"{type(area).__name__}.{name}"
        for area, name, method in public_methods(services)
        if not getattr(method, "permissions", None) and not getattr(method, "open_because", None)
    ]
    assert undeclared == []


def test_the_areas_of_the_design_are_there(services):
    names = {name for name in services.__dataclass_fields__ if isinstance(getattr(services, name), Service)}
    assert {"accounts", "users", "audit", "backups", "datasets", "models", "plans", "jobs"} <= names


def test_methods_open_to_all_are_those_of_signing_in_and_out(services):
    is_open = {name for _, name, method in public_methods(services) if hasattr(method, "open_because")}
    assert is_open == {"check_credentials", "issue_ticket", "redeem_ticket", "actor_for", "sign_out"}


@pytest.mark.parametrize("role", [None, *Role])
def test_a_method_refuses_every_role_that_lacks_its_permission(services, first_run, role):
    roles = frozenset({role} if role else ())
    actor = Actor("u", "u", "U", first_run.workspace_id, "W", roles)
    for area, name, method in public_methods(services):
        permissions = getattr(method, "permissions", frozenset())
        if permissions and not any(actor.may(permission) for permission in permissions):
            with pytest.raises(NotAllowedError):
                getattr(area, name)(actor)


def test_an_actor_with_a_one_time_password_is_refused_everywhere_but_at_changing_it(services, first_run):
    actor = Actor("u", "u", "U", first_run.workspace_id, "W", frozenset(Role), must_change_password=True)
    for area, name, method in public_methods(services):
        if getattr(method, "permissions", None) and name != "change_password":
            with pytest.raises(NotAllowedError, match="one-time"):
                getattr(area, name)(actor)


def test_a_refused_call_is_in_the_audit_table(services, person, events):
    with pytest.raises(NotAllowedError, match="manager"):
        services.users.list(person("manager"))
    assert (events("refuse")[-1].actor, events("refuse")[-1].details) == ("manager", {"method": "Users.list"})
