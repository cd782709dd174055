"""Who gets in, who does not, and that leaving means leaving: in a real browser, against a real server."""

from __future__ import annotations

import json

import pytest

from tests.browser.conftest import DESKTOP, PHONE, fill_sign_in, picture, settled, sign_in

SIGN_IN_FORM = ".st-key-signin"


def form(page):
    return page.locator(SIGN_IN_FORM).first


def cookie(page):
    return next((c for c in page.context.cookies() if c["name"] == "mixwright_session"), None)


def press_sign_out(page):
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("textbox", name="User name").first.wait_for()
    settled(page)


class TestSigningIn:
    def test_a_good_password_opens_the_workspace_with_a_cookie_no_script_can_read(self, page):
        sign_in(page, "auditor")
        assert page.url.endswith("/audit")
        held = cookie(page)
        assert held["httpOnly"]
        assert held["sameSite"] == "Strict"
        assert "mixwright_session" not in page.evaluate("document.cookie")

    def test_a_wrong_password_says_so_and_opens_nothing(self, page):
        page.goto("/")
        settled(page)
        fill_sign_in(page, "manager", "certainly-wrong")
        page.get_by_text("The name or the password is wrong").first.wait_for()
        assert cookie(page) is None

    def test_a_link_shows_the_form_and_leads_there_after_signing_in(self, page):
        sign_in(page, "analyst", "/account")
        assert page.url.endswith("/account")
        page.get_by_role("heading", name="You are signed in as Analyst.").first.wait_for()

    def test_a_one_time_password_must_be_changed_before_anything_else(self, page, server):
        page.goto("/account")
        settled(page)
        fill_sign_in(page, "newcomer", server.newcomer_password)
        page.get_by_role("heading", name="Choose your own password").first.wait_for()
        picture(page, "forced-change")
        page.goto("/audit")
        page.get_by_role("heading", name="Choose your own password").first.wait_for()
        settled(page)
        new = "seven-quiet-harbours"
        page.get_by_role("textbox", name="One-time password").fill(server.newcomer_password)
        page.get_by_role("textbox", name="New password", exact=True).fill(new)
        page.get_by_role("textbox", name="New password, again").fill(new)
        page.get_by_role("button", name="Change password").first.click()
        page.get_by_role("button", name="Sign out").first.wait_for(state="attached")
        press_sign_out(page)
        fill_sign_in(page, "newcomer", new)
        page.get_by_role("button", name="Sign out").first.wait_for(state="attached")


class TestStayingSignedIn:
    def test_a_reload_and_a_second_tab_keep_the_session(self, page):
        sign_in(page, "auditor")
        page.reload()
        page.get_by_role("button", name="Sign out").first.wait_for()
        second = page.context.new_page()
        second.goto("/account")
        second.get_by_role("heading", name="You are signed in as Auditor.").first.wait_for()

    def test_signing_out_ends_it_in_every_tab(self, page, server):
        sign_in(page, "auditor")
        token = cookie(page)["value"]
        second = page.context.new_page()
        second.goto("/audit")
        second.get_by_role("button", name="Verify the record").first.wait_for()
        settled(second)
        press_sign_out(page)
        assert cookie(page) is None
        second.get_by_role("button", name="Verify the record").first.click()
        second.get_by_role("textbox", name="User name").first.wait_for()
        assert second.get_by_test_id("stDataFrame").count() == 0
        assert server.get("/media/x.csv", {"Cookie": f"mixwright_session={token}"})[0] == 403

    def test_the_other_tab_can_sign_in_again_where_it_was(self, page):
        sign_in(page, "auditor")
        second = page.context.new_page()
        second.goto("/audit")
        second.get_by_role("button", name="Verify the record").first.wait_for()
        press_sign_out(page)
        second.get_by_role("button", name="Verify the record").first.click()
        second.get_by_role("textbox", name="User name").first.wait_for()
        settled(second)
        fill_sign_in(second, "auditor", "heron-quilt-7-lantern-auditor")
        second.get_by_role("button", name="Verify the record").first.wait_for()
        assert second.url.endswith("/audit")


class TestRoles:
    @pytest.mark.parametrize(("role", "path"), [("auditor", "/users"), ("manager", "/audit"), ("engineer", "/users")])
    def test_a_page_of_another_role_opens_as_a_sentence(self, page, role, path):
        sign_in(page, role, path)
        page.get_by_role("heading", name="This page is not yours to open").first.wait_for()
        assert page.get_by_test_id("stDataFrame").count() == 0

    def test_the_navigation_lists_what_the_role_may_open(self, page):
        sign_in(page, "admin")
        links = page.get_by_test_id("stSidebarNav").get_by_role("link").all_inner_texts()
        assert any("People" in text for text in links)
        assert any("Audit" in text for text in links)
        assert not any("Channels" in text for text in links)


class TestFiles:
    def test_a_download_is_given_to_its_browser_and_to_nobody_else(self, page, new_page, server):
        sign_in(page, "auditor")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Export as CSV").first.click()
        content = waiting.value.path().read_text(encoding="utf-8-sig")
        assert content.startswith("Number,Time (UTC)")
        path = waiting.value.url.removeprefix(server.url)
        own = cookie(page)["value"]
        stranger = new_page()
        sign_in(stranger, "admin")
        other = cookie(stranger)["value"]
        assert server.get(path, {"Cookie": f"mixwright_session={own}"})[0] == 200
        assert server.get(path, {"Cookie": f"mixwright_session={other}"})[0] == 403
        assert server.get(path)[0] == 403

    def test_an_export_is_in_the_audit_record(self, page):
        sign_in(page, "auditor")
        with page.expect_download() as first:
            page.get_by_role("button", name="Export as CSV").first.click()
        assert first.value.path().exists()
        with page.expect_download() as second:
            page.get_by_role("button", name="Export as CSV").first.click()
        assert ",export,audit,ok," in second.value.path().read_text(encoding="utf-8-sig")


class TestTickets:
    def test_the_session_address_answers_only_our_own_pages(self, server):
        host = server.url.removeprefix("http://")
        body = json.dumps({"ticket": "guess"})
        ours = {"Origin": server.url, "Host": host, "Content-Type": "application/json"}
        assert server.get("/auth/open", {**ours, "Origin": "http://evil.example"}, "POST", body)[0] == 403
        assert server.get("/auth/open", {**ours, "Content-Type": "text/plain"}, "POST", body)[0] == 403
        assert server.get("/auth/open", {**ours, "Sec-Fetch-Site": "cross-site"}, "POST", body)[0] == 403
        status, answer = server.get("/auth/open", ours, "POST", body)
        assert status == 403
        assert b"sign in again" in answer


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, False), (DESKTOP, True), (PHONE, False)])
def test_pictures_of_the_shell(new_page, viewport, dark):
    page = new_page(viewport=viewport, dark=dark)
    name = f"{viewport['width']}-{'dark' if dark else 'light'}"
    page.goto("/")
    settled(page)
    picture(page, f"signin-{name}")
    sign_in(page, "admin")
    picture(page, f"users-{name}")
    page.goto("/audit")
    settled(page)
    picture(page, f"audit-{name}")
    page.goto("/account")
    settled(page)
    picture(page, f"account-{name}")
    page.goto("/data")
    settled(page)
    picture(page, f"notyours-{name}")
