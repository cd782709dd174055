import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from mmm.access import Role
from mmm.access.tokens import token_hash
from mmm.errors import ConflictError, IntegrityError, NotAllowedError
from mmm.services.accounts import REFUSAL

GOOD = "a fine long phrase"


@pytest.fixture
def accounts(services):
    return services.accounts


@pytest.fixture
def sign_in(accounts, first_run):
    """`sign_in("manager")`: the token of a fresh session."""

    def open_session(username, password=None):
        assert accounts.check_credentials(username, password or first_run.credentials[username])
        return accounts.redeem_ticket(accounts.issue_ticket(username))

    return open_session


@pytest.fixture
def fail(accounts):
    def times(username, n):
        return [accounts.check_credentials(username, "wrong").accepted for _ in range(n)]

    return times


class TestCredentials:
    def test_the_right_password_is_accepted_whatever_the_case_of_the_name(self, accounts, first_run):
        assert accounts.check_credentials("Manager", first_run.credentials["manager"]).accepted

    def test_a_wrong_name_a_wrong_password_and_a_lock_look_the_same(self, accounts, fail):
        fail("manager", 5)
        messages = {accounts.check_credentials(name, "wrong").message for name in ("nobody", "analyst", "manager")}
        assert messages == {REFUSAL}

    def test_good_and_bad_attempts_are_recorded(self, accounts, first_run, events):
        accounts.check_credentials("manager", "wrong")
        accounts.check_credentials("manager", first_run.credentials["manager"])
        assert [(e.actor, e.outcome) for e in events("sign_in")] == [("manager", "refused"), ("manager", "ok")]

    def test_what_was_typed_as_an_unknown_name_is_not_kept(self, accounts, events, settings):
        accounts.check_credentials("my-secret-password", "x")
        (event,) = events("sign_in")
        assert (event.actor, event.object_id, event.details) == ("", None, {"why": "unknown name"})

    def test_a_deactivated_person_is_refused(self, accounts, services, person, first_run):
        services.users.deactivate(person("admin"), person("manager").user_id)
        assert not accounts.check_credentials("manager", first_run.credentials["manager"])


class TestLockOut:
    def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(self, accounts, first_run, fail, clock):
        fail("manager", 5)
        assert not accounts.check_credentials("manager", first_run.credentials["manager"])
        clock.advance(minutes=14, seconds=59)
        assert not accounts.check_credentials("manager", first_run.credentials["manager"])
        clock.advance(seconds=1)
        assert accounts.check_credentials("manager", first_run.credentials["manager"])

    def test_four_wrong_passwords_do_not(self, accounts, first_run, fail):
        fail("manager", 4)
        assert accounts.check_credentials("manager", first_run.credentials["manager"])

    def test_the_second_lock_is_twice_as_long(self, accounts, first_run, fail, clock):
        fail("manager", 5)
        clock.advance(minutes=15)
        fail("manager", 5)
        clock.advance(minutes=29)
        assert not accounts.check_credentials("manager", first_run.credentials["manager"])
        clock.advance(minutes=1)
        assert accounts.check_credentials("manager", first_run.credentials["manager"])

    def test_attempts_during_a_lock_do_not_make_it_longer(self, accounts, first_run, fail, clock):
        fail("manager", 50)
        clock.advance(minutes=15)
        assert accounts.check_credentials("manager", first_run.credentials["manager"])

    def test_others_are_not_locked_out(self, accounts, first_run, fail):
        fail("manager", 5)
        assert accounts.check_credentials("analyst", first_run.credentials["analyst"])

    def test_a_locked_account_gets_no_ticket(self, accounts, fail):
        fail("manager", 5)
        with pytest.raises(NotAllowedError):
            accounts.issue_ticket("manager")

    def test_a_reset_lifts_the_lock(self, accounts, services, person, fail):
        fail("manager", 5)
        invitation = services.users.reset_password(person("admin"), person("manager").user_id)
        assert accounts.check_credentials("manager", invitation.one_time_password)

    def test_many_guesses_at_once_get_no_further_than_five(self, accounts, services, first_run):
        with ThreadPoolExecutor(12) as pool:
            verdicts = list(pool.map(lambda _: accounts.check_credentials("manager", "wrong"), range(24)))
        assert not any(verdicts)
        with services.unit_of_work(read_only=True) as uow:
            assert uow.users.by_username("manager").failed_attempts == 5
        assert not accounts.check_credentials("manager", first_run.credentials["manager"])


class TestTickets:
    def test_a_ticket_opens_one_session(self, accounts):
        ticket = accounts.issue_ticket("manager")
        assert accounts.actor_for(accounts.redeem_ticket(ticket)).username == "manager"
        with pytest.raises(NotAllowedError):
            accounts.redeem_ticket(ticket)

    def test_a_ticket_lives_thirty_seconds(self, accounts, clock):
        ticket = accounts.issue_ticket("manager")
        clock.advance(seconds=30)
        with pytest.raises(NotAllowedError, match="sign in again"):
            accounts.redeem_ticket(ticket)

    def test_a_ticket_does_not_survive_a_password_reset(self, accounts, services, person):
        ticket = accounts.issue_ticket("manager")
        services.users.reset_password(person("admin"), person("manager").user_id)
        with pytest.raises(NotAllowedError):
            accounts.redeem_ticket(ticket)

    def test_an_invented_ticket_opens_nothing(self, accounts):
        with pytest.raises(NotAllowedError):
            accounts.redeem_ticket("invented")

    def test_neither_tickets_nor_tokens_are_in_the_database(self, accounts, settings, services):
        ticket, token = accounts.issue_ticket("analyst"), accounts.redeem_ticket(accounts.issue_ticket("manager"))
        services.close()
        stored = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
        assert ticket.encode() not in stored
        assert token.encode() not in stored


class TestSessions:
    def test_a_session_knows_its_person_workspace_and_roles(self, accounts, sign_in, first_run):
        actor = accounts.actor_for(sign_in("manager"))
        assert (actor.username, actor.workspace_id, actor.roles) == (
            "manager",
            first_run.workspace_id,
            frozenset({Role.MANAGER}),
        )
        assert actor.must_change_password

    def test_no_token_is_nobody(self, accounts):
        assert accounts.actor_for("") is None
        assert accounts.actor_for("invented") is None

    def test_an_idle_session_ends_after_half_an_hour(self, accounts, sign_in, clock):
        token = sign_in("manager")
        clock.advance(minutes=29, seconds=59)
        assert accounts.actor_for(token, extend=False)
        clock.advance(seconds=1)
        assert accounts.actor_for(token) is None

    def test_use_extends_a_session_and_polling_does_not(self, accounts, sign_in, clock):
        used, polled = sign_in("manager"), sign_in("analyst")
        for _ in range(3):
            clock.advance(minutes=12)
            accounts.actor_for(used)
            accounts.actor_for(polled, extend=False)
        assert accounts.actor_for(used)
        assert accounts.actor_for(polled) is None

    def test_no_session_lives_longer_than_its_absolute_life(self, accounts, sign_in, clock):
        token = sign_in("manager")
        for _ in range(12 * 4 - 1):
            clock.advance(minutes=15)
            assert accounts.actor_for(token)
        clock.advance(minutes=15)
        assert accounts.actor_for(token) is None

    def test_last_seen_is_written_at_most_once_a_minute(self, accounts, services, sign_in, clock):
        token = sign_in("manager")
        session_id = accounts.actor_for(token).session_id
        seen = []
        for _ in range(5):
            clock.advance(seconds=25)
            accounts.actor_for(token)
            with services.unit_of_work(read_only=True) as uow:
                facts = uow.sessions.by_token(token_hash(token))
            seen.append(facts.session.last_seen_at)
        assert facts.session.id == session_id
        assert len(set(seen)) == 2

    def test_signing_out_ends_the_session_in_every_tab(self, accounts, sign_in, events):
        token = sign_in("manager")
        accounts.sign_out(accounts.actor_for(token))
        assert accounts.actor_for(token) is None
        assert events("sign_out")[0].actor == "manager"

    def test_signing_out_leaves_other_browsers_alone(self, accounts, sign_in):
        here, there = sign_in("manager"), sign_in("manager")
        accounts.sign_out(accounts.actor_for(here))
        assert accounts.actor_for(there)

    def test_signing_out_twice_is_fine_and_recorded_once(self, accounts, sign_in, events):
        actor = accounts.actor_for(sign_in("manager"))
        accounts.sign_out(actor)
        accounts.sign_out(actor)
        assert len(events("sign_out")) == 1

    def test_deactivating_a_person_ends_their_sessions(self, accounts, services, person, sign_in):
        token = sign_in("manager")
        services.users.deactivate(person("admin"), person("manager").user_id)
        assert accounts.actor_for(token) is None
        services.users.activate(person("admin"), person("manager").user_id)
        assert accounts.actor_for(token) is None

    def test_roles_change_with_the_next_click(self, accounts, services, person, sign_in):
        token = sign_in("manager")
        services.users.set_roles(person("admin"), person("manager").user_id, {Role.AUDITOR})
        assert accounts.actor_for(token).roles == {Role.AUDITOR}


class TestChangingThePassword:
    def test_the_new_password_works_and_the_old_one_does_not(self, accounts, sign_in, first_run):
        actor = accounts.actor_for(sign_in("manager"))
        accounts.change_password(actor, first_run.credentials["manager"], GOOD)
        assert accounts.check_credentials("manager", GOOD)
        assert not accounts.check_credentials("manager", first_run.credentials["manager"])

    def test_it_lifts_the_duty_to_change_and_keeps_this_session_only(self, accounts, sign_in, first_run):
        here, there = sign_in("manager"), sign_in("manager")
        accounts.change_password(accounts.actor_for(here), first_run.credentials["manager"], GOOD)
        assert accounts.actor_for(here).must_change_password is False
        assert accounts.actor_for(there) is None

    def test_a_wrong_present_password_changes_nothing_and_counts_as_an_attempt(self, accounts, sign_in, events):
        actor = accounts.actor_for(sign_in("manager"))
        for _ in range(5):
            with pytest.raises(NotAllowedError, match="present password"):
                accounts.change_password(actor, "wrong", GOOD)
        assert events("change_password")[-1].outcome == "refused"
        with pytest.raises(NotAllowedError):
            accounts.issue_ticket("manager")

    @pytest.mark.parametrize("bad", ["short", "manager12345", "password1234"])
    def test_a_weak_password_is_refused_with_the_reason(self, accounts, sign_in, first_run, bad):
        actor = accounts.actor_for(sign_in("manager"))
        with pytest.raises(ConflictError):
            accounts.change_password(actor, first_run.credentials["manager"], bad)
        assert accounts.check_credentials("manager", first_run.credentials["manager"])

    def test_the_old_password_is_not_a_new_one(self, accounts, sign_in, first_run):
        actor = accounts.actor_for(sign_in("manager"))
        password = first_run.credentials["manager"]
        with pytest.raises(ConflictError, match="old one"):
            accounts.change_password(actor, password, password)


def test_when_the_audit_row_cannot_be_written_nothing_happens(accounts, services, sign_in, first_run, settings):
    actor = accounts.actor_for(sign_in("manager"))
    with sqlite3.connect(settings.database_path) as raw:
        raw.execute("UPDATE audit_head SET signature = 'forged'")
    raw.close()
    with pytest.raises(IntegrityError):
        accounts.change_password(actor, first_run.credentials["manager"], GOOD)
    with pytest.raises(IntegrityError):
        accounts.sign_out(actor)
    with services.unit_of_work(read_only=True) as uow:
        user = uow.users.by_username("manager")
    assert user.must_change_password
    assert user.token_version == 0
