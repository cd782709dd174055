"""Every page × role × address, and nobody at all, against a real server that nobody has used before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from hashlib import md5

import pytest

from mmm.access import Role
from mmm.access.roles import PERMISSIONS
from mmm.web.catalogue import CATALOGUE, PAGES, existing_pages
from mmm.web.guard import NOT_YOURS
from tests.conftest import NEWCOMER
from tests.running import Server, start_server
from tests.web.wire import Visit, visit

PAGE_NAMES = [entry.name for entry in existing_pages()]
SHELL = {"html", "imgs", "markdown", "heading", "text_input", "button", "component_instance"}


@pytest.fixture(scope="module")
def unused(seeded, tmp_path_factory) -> Iterator[Server]:
    """A server of its own, so that the first visit it ever gets is one of these."""
    original, newcomer_password = seeded
    var_dir = tmp_path_factory.mktemp("unused") / "var"
    shutil.copytree(original, var_dir)
    running = start_server(var_dir, newcomer_password)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def tokens(unused) -> dict[str, str]:
    """A live session for everybody, opened over the same database."""
    from mmm.bootstrap import build_services
    from mmm.settings import Settings

    services = build_services(Settings(var_dir=unused.var_dir, sample=False))
    names = [role.value for role in Role] + [NEWCOMER]
    made = {name: services.accounts.redeem_ticket(services.accounts.issue_ticket(name)) for name in names}
    services.close()
    return made


def is_sign_in(seen: Visit) -> bool:
    return seen.says("User name") and seen.kinds <= SHELL and not seen.menu - {""}


class TestNobody:
    """Signed out; these come first in the file, so that no router has run before them."""

    def test_the_first_visit_of_all_asks_for_a_page_by_name_and_gets_the_form(self, unused):
        assert is_sign_in(visit(unused, "users"))

    @pytest.mark.parametrize("page", ["", *PAGE_NAMES])
    def test_every_address_shows_the_form_and_nothing_else(self, unused, page):
        assert is_sign_in(visit(unused, page))

    @pytest.mark.parametrize("page", PAGE_NAMES)
    def test_a_forged_page_id_runs_no_page(self, unused, page):
        for guess in (str(PAGES / f"{page}.py"), f"pages/{page}.py", page):
            identifier = md5(guess.encode(), usedforsecurity=False).hexdigest()
            assert is_sign_in(visit(unused, "", script_hash=identifier))

    @pytest.mark.parametrize("name", ["pages/users", "pages/users.py", "nowhere", "router"])
    def test_an_address_that_is_no_page_shows_the_form(self, unused, name):
        assert is_sign_in(visit(unused, name))

    def test_a_made_up_cookie_is_nobody(self, unused):
        assert is_sign_in(visit(unused, "users", "A" * 43))

    @pytest.mark.parametrize(
        "path",
        [
            *(f"/{name}" for name in PAGE_NAMES),
            *(f"/pages/{entry.name}.py" for entry in CATALOGUE),
            "/app.py",
            "/mmm/web/router.py",
            "/var/mixwright.sqlite3",
            "/.streamlit/config.toml",
            "/auth/open",
        ],
    )
    def test_a_plain_request_gets_at_most_the_empty_frame(self, unused, path):
        frame = unused.get("/")[1]
        status, body = unused.get(path)
        assert status in {403, 404} or body == frame

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/media/" + "0" * 64 + ".csv"),
            ("GET", "/media/../var/mixwright.sqlite3"),
            ("GET", "/media/%2e%2e/%2e%2e/app.py"),
            ("PUT", "/_stcore/upload_file/a/b"),
            ("DELETE", "/_stcore/upload_file/a/b"),
            ("OPTIONS", "/_stcore/upload_file/a/b"),
            ("GET", "/_stcore/metrics"),
            ("GET", "/_stcore/metrics/"),
            ("GET", "//_stcore/metrics"),
            ("GET", "/_stcore//metrics"),
            ("GET", "/_stcore/script-health-check"),
            ("GET", "/_stcore/agent/openapi.json"),
            ("POST", "/_stcore/agent/interact"),
            ("GET", "/app/static/../../../app.py"),
            ("GET", "/app/static/%2e%2e/%2e%2e/%2e%2e/app.py"),
        ],
    )
    def test_files_uploads_and_metrics_are_refused(self, unused, method, path):
        status, body = unused.get(path, method=method)
        assert status >= 400 or body == unused.get("/")[1]
        assert b"process" not in body.lower() or body == unused.get("/")[1]

    def test_the_host_configuration_says_nothing_about_the_server(self, unused):
        status, body = unused.get("/_stcore/host-config")
        assert status == 200
        assert b"streamlit" not in body.lower()

    def test_every_answer_carries_the_security_headers(self, unused):
        import http.client

        for path in ("/", "/media/x", "/_stcore/health", "/app/static/fonts/OFL.txt"):
            connection = http.client.HTTPConnection(unused.url.removeprefix("http://"))
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "SAMEORIGIN"
            connection.close()


@pytest.mark.parametrize("page", PAGE_NAMES)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_its_pages_and_a_sentence_for_the_others(unused, tokens, role, page):
    entry = next(entry for entry in CATALOGUE if entry.name == page)
    seen = visit(unused, page, tokens[role.value])
    assert not seen.not_found
    assert "exception" not in seen.kinds
    assert "component_instance" not in seen.kinds  # the frame that comes with the sign-in form
    if entry.permission in PERMISSIONS[role]:
        assert not seen.says(NOT_YOURS)
        assert not entry.in_menu or page in seen.menu
    else:
        assert seen.says(NOT_YOURS)
        assert "arrow_data_frame" not in seen.kinds
        assert "plotly_chart" not in seen.kinds
        assert page not in seen.menu


@pytest.mark.parametrize("page", ["", *PAGE_NAMES])
def test_a_one_time_password_opens_nothing_but_its_change(unused, tokens, page):
    seen = visit(unused, page, tokens[NEWCOMER])
    assert seen.says("Choose your own password")
    assert seen.kinds <= SHELL
    assert not seen.menu - {""}


def test_the_shell_is_what_the_form_is_made_of(unused):
    assert visit(unused, "").kinds == SHELL
