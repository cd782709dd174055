"""The account, people and audit pages, through the router, as their people see them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from mmm.access import Role
from mmm.store.audit import AuditEvent
from mmm.web.audit_view import as_csv


def texts(elements):
    return " ".join(str(element.value) for element in elements).replace("\\", "")


class TestForcedChange:
    def test_a_one_time_password_is_replaced_before_anything_else(self, app_as, installation):
        app = app_as("newcomer", None)
        assert "Choose your own password" in texts(app.subheader)
        one_time, new = installation.newcomer_password, "a-brand-new-pass-phrase"
        for field, value in zip(app.text_input, (one_time, new, new), strict=True):
            field.set_value(value)
        app.form_submit_button[0].click().run()
        assert not app.exception
        assert not app.error
        assert "Choose your own password" not in texts(app.subheader)
        assert installation.services.accounts.check_credentials("newcomer", new)

    def test_two_different_new_passwords_change_nothing(self, app_as, installation):
        app = app_as("newcomer", None)
        for field, value in zip(
            app.text_input, (installation.newcomer_password, "one-pass-phrase", "other"), strict=True
        ):
            field.set_value(value)
        app.form_submit_button[0].click().run()
        assert "not the same" in texts(app.error)
        assert installation.services.accounts.check_credentials("newcomer", installation.newcomer_password)


class TestAccount:
    def test_a_wrong_present_password_is_refused_in_words(self, app_as):
        app = app_as("manager", "account")
        for field, value in zip(
            app.text_input, ("wrong", "a-brand-new-pass-phrase", "a-brand-new-pass-phrase"), strict=True
        ):
            field.set_value(value)
        app.form_submit_button[0].click().run()
        assert "present password is wrong" in texts(app.error)


class TestPeople:
    def test_a_new_person_gets_a_password_that_is_shown_once(self, app_as, installation):
        app = app_as("admin", "users")
        app.text_input[0].set_value("rita")
        app.text_input[1].set_value("Rita [link](https://example.org)")
        app.multiselect(key="add_roles").set_value([Role.MANAGER])
        app.form_submit_button[0].click().run()
        assert not app.exception
        password = app.code[0].value
        assert installation.services.accounts.check_credentials("rita", password)
        app.run()
        assert not app.code

    def test_a_refused_name_says_why(self, app_as):
        app = app_as("admin", "users")
        app.text_input[0].set_value("Rita Meier")
        app.multiselect(key="add_roles").set_value([Role.MANAGER])
        app.form_submit_button[0].click().run()
        assert "cannot be a sign-in name" in texts(app.error)

    def test_the_last_administrator_cannot_be_shut_out(self, app_as, installation):
        app = app_as("admin", "users")
        admin = next(p for p in installation.services.users.list(installation.actor("admin")) if p.username == "admin")
        app.selectbox(key="change_person").set_value(admin.id).run()
        app.button(key="deactivate").click().run()
        assert "last administrator" in texts(app.error)

    def test_shutting_somebody_out_ends_their_sessions(self, app_as, installation):
        token = installation.token("manager")
        app = app_as("admin", "users")
        manager = next(
            p for p in installation.services.users.list(installation.actor("admin")) if p.username == "manager"
        )
        app.selectbox(key="change_person").set_value(manager.id).run()
        app.button(key="deactivate").click().run()
        assert installation.services.accounts.actor_for(token) is None
        assert "can no longer sign in" in texts(app.success)

    def test_roles_change_from_the_next_click(self, app_as, installation):
        token = installation.token("engineer")
        app = app_as("admin", "users")
        engineer = next(
            p for p in installation.services.users.list(installation.actor("admin")) if p.username == "engineer"
        )
        app.selectbox(key="change_person").set_value(engineer.id).run()
        app.multiselect(key=f"roles_{engineer.id}_engineer").set_value([Role.AUDITOR]).run()
        app.button(key="save_roles").click().run()
        assert not app.exception
        assert installation.services.accounts.actor_for(token).roles == {Role.AUDITOR}


class TestAudit:
    @pytest.mark.parametrize("role", ["auditor", "admin"])
    def test_the_record_is_shown_and_verified(self, app_as, role):
        app = app_as(role, "audit")
        assert not app.exception
        assert len(app.dataframe[0].value) > 10
        next(button for button in app.button if button.label == "Verify the record").click().run()
        assert "The record is whole" in texts(app.success)

    def test_filters_narrow_the_list(self, app_as, installation):
        installation.services.accounts.check_credentials("manager", "wrong")
        app = app_as("auditor", "audit")
        app.selectbox[1].set_value("refused").run()
        assert list(app.dataframe[0].value["Outcome"].unique()) == ["refused"]
        assert "refused or failed" in texts(app.title)

    def test_an_anchor_that_is_none_is_explained(self, app_as):
        app = app_as("auditor", "audit")
        app.text_input[0].set_value("nonsense").run()
        next(button for button in app.button if button.label == "Verify the record").click().run()
        assert "An anchor looks like" in texts(app.error)

    def test_the_file_computes_nothing_in_a_spreadsheet(self):
        event = AuditEvent(
            1, datetime(2026, 1, 2, tzinfo=UTC), "=cmd()", None, "sign_in", "user", "x", "ok", {"name": "a;b\n"}
        )
        rows = list(csv.reader(io.StringIO(as_csv([event]).decode("utf-8-sig"))))
        assert rows[1][2] == "'=cmd()"
        assert rows[1][1] == "2026-01-02T00:00:00+00:00"
