"""The roles table of the design, row by row, against the code."""

import pytest

from mmm.access import PERMISSIONS, Actor, Permission, Role, system_actor

COLUMNS = (Role.EXECUTIVE, Role.MANAGER, Role.ANALYST, Role.ENGINEER, Role.AUDITOR, Role.ADMIN)
TABLE = """
see_results         | x x x . . .
export              | x x x . . .
make_plans          | . x x . . .
approve_plans       | x . . . . .
see_data            | . . x x . .
upload_data         | . . x x . .
train               | . . x . . .
publish             | . . x . . .
see_jobs            | . . x x . x
cancel_own_job      | . . x x . .
cancel_any_job      | . . . . . x
see_audit           | . . . . x x
manage_users        | . . . . . x
back_up             | . . . . . x
manage_keys         | . . . . . x
change_own_password | x x x x x x
"""
ROWS = [line.split("|") for line in TABLE.strip().splitlines()]
CELLS = [
    (role, Permission(name.strip()), mark == "x")
    for name, marks in ROWS
    for role, mark in zip(COLUMNS, marks.split(), strict=True)
]


def actor(*roles: Role, must_change_password: bool = False) -> Actor:
    return Actor("u", "u", "U", "w", "W", frozenset(roles), must_change_password=must_change_password)


@pytest.mark.parametrize(("role", "permission", "granted"), CELLS)
def test_a_role_grants_what_the_table_says(role, permission, granted):
    assert actor(role).may(permission) is granted


def test_the_table_names_every_permission_and_every_role():
    assert {permission for _, permission, _ in CELLS} == set(Permission)
    assert set(PERMISSIONS) == set(Role) == set(COLUMNS)


def test_several_roles_grant_what_any_of_them_grants():
    both = actor(Role.EXECUTIVE, Role.ENGINEER)
    assert both.may(Permission.APPROVE_PLANS)
    assert both.may(Permission.UPLOAD_DATA)
    assert not both.may(Permission.TRAIN)


def test_nobody_without_a_role_may_do_anything():
    assert not any(actor().may(permission) for permission in Permission)


def test_a_one_time_password_opens_nothing_but_its_own_change():
    newcomer = actor(*Role, must_change_password=True)
    assert [p for p in Permission if newcomer.may(p)] == [Permission.CHANGE_OWN_PASSWORD]


def test_the_system_holds_only_the_roles_it_was_given():
    assert not system_actor("w", "W", frozenset({Role.AUDITOR})).may(Permission.MANAGE_USERS)
