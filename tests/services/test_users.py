import pytest

from mmm.access import Role
from mmm.errors import ConflictError, NotFoundError, SpecError


@pytest.fixture
def users(services):
    return services.users


@pytest.fixture
def admin(person):
    return person("admin")


def test_a_new_person_signs_in_with_the_one_time_password_and_must_change_it(services, users, admin):
    made = users.create(admin, username="Ann", display_name="Ann Lee", roles=[Role.ANALYST])
    assert (made.user.username, made.user.display_name, made.user.roles) == ("ann", "Ann Lee", {Role.ANALYST})
    assert made.user.must_change_password
    assert services.accounts.check_credentials("ann", made.one_time_password)


def test_the_one_time_password_is_not_in_the_audit_table(users, admin, events):
    made = users.create(admin, username="ann", display_name="", roles=[Role.ANALYST])
    assert made.one_time_password not in str(events("create_user"))
    assert events("create_user")[-1].details == {"username": "ann", "roles": ["analyst"]}


def test_a_name_is_taken_once_whatever_its_case(users, admin):
    with pytest.raises(ConflictError, match="manager"):
        users.create(admin, username="MANAGER", display_name="", roles=[Role.ANALYST])


@pytest.mark.parametrize("name", ["", "a", "with space", "<b>bold</b>", "x" * 65, "ann\u200b", "System"])
def test_a_name_that_could_mislead_is_refused(users, admin, name):
    with pytest.raises(SpecError, match="sign-in name"):
        users.create(admin, username=name, display_name="", roles=[Role.ANALYST])


def test_a_person_needs_a_role(users, admin, person):
    with pytest.raises(SpecError, match="at least one role"):
        users.create(admin, username="ann", display_name="", roles=[])
    with pytest.raises(SpecError, match="at least one role"):
        users.set_roles(admin, person("manager").user_id, [])


class TestLastAdministrator:
    def test_cannot_lose_the_role(self, users, admin):
        with pytest.raises(ConflictError, match="last administrator"):
            users.set_roles(admin, admin.user_id, [Role.ANALYST])

    def test_cannot_be_deactivated(self, users, admin):
        with pytest.raises(ConflictError, match="last administrator"):
            users.deactivate(admin, admin.user_id)

    def test_can_go_once_there_is_another(self, users, admin, person):
        users.set_roles(admin, person("manager").user_id, [Role.MANAGER, Role.ADMIN])
        users.deactivate(admin, admin.user_id)
        with pytest.raises(ConflictError, match="last administrator"):
            users.deactivate(person("manager"), person("manager").user_id)

    def test_a_deactivated_administrator_does_not_count(self, users, admin, person):
        users.set_roles(admin, person("manager").user_id, [Role.ADMIN])
        users.deactivate(admin, person("manager").user_id)
        with pytest.raises(ConflictError):
            users.set_roles(admin, admin.user_id, [Role.ANALYST])


def test_a_reset_ends_the_old_password_and_demands_a_change(services, users, admin, person, first_run):
    made = users.reset_password(admin, person("manager").user_id)
    assert made.user.must_change_password
    assert not services.accounts.check_credentials("manager", first_run.credentials["manager"])


def test_somebody_of_another_workspace_is_not_found(users, admin):
    with pytest.raises(NotFoundError):
        users.reset_password(admin, "0" * 32)


def test_changes_of_roles_tell_before_and_after(users, admin, person, events):
    users.set_roles(admin, person("manager").user_id, [Role.MANAGER, Role.EXECUTIVE])
    assert events("set_roles")[-1].details == {
        "username": "manager",
        "from": ["manager"],
        "to": ["executive", "manager"],
    }
