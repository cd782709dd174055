"""The real thing: `streamlit run app.py` on a free port, and a headless Chromium in front of it."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import PASSWORD, ROOT

ARTIFACTS = ROOT / "test-artifacts"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_TIMEOUT_S = 90
QUIET_S = 0.3  # the app counts as settled when no script ran for this long
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this directory drives a browser; say so, and skip with the reason where there is none."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed: apt-get install chromium"))


@dataclass
class Server:
    """A running app.

    Attributes:
        url: without a slash at the end.
        var_dir: its database, keys and logs.
        newcomer_password: one-time password of `newcomer`.
        process: the server itself.
        output: what it printed so far.
    """

    url: str
    var_dir: Path
    newcomer_password: str
    process: subprocess.Popen[str]
    output: list[str] = field(default_factory=list)

    def get(
        self, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: str = ""
    ) -> tuple[int, bytes]:
        """One plain HTTP request, without a browser's help; status and body."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body=body or None, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stop(self) -> None:
        """End the server the way Ctrl-C does, and only it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(var_dir: Path, newcomer_password: str, environment: dict[str, str] | None = None) -> Server:
    """Start the app over `var_dir` and wait until it answers; the caller stops it."""
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MMM_", "STREAMLIT_"))}
    env |= {"MMM_VAR_DIR": str(var_dir), "MMM_SAMPLE": "0", "PYTHONUNBUFFERED": "1", **(environment or {})}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    server = Server(f"http://localhost:{port}", var_dir, newcomer_password, process)
    threading.Thread(target=_collect, args=(server,), daemon=True).start()
    _wait_until_it_answers(server)
    return server


def _collect(server: Server) -> None:
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.output.append(line)


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            pytest.fail("The server ended while starting:\n" + "".join(server.output))
        with contextlib.suppress(OSError):
            if server.get("/_stcore/health")[0] == 200:
                return
        time.sleep(0.2)  # a process outside this one can only be polled
    server.stop()
    pytest.fail("The server did not answer in time:\n" + "".join(server.output))


@pytest.fixture(scope="session")
def server(seeded: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with one person per role (see `sign_in`), shared by the tests of a session."""
    original, newcomer_password = seeded
    var_dir = tmp_path_factory.mktemp("server") / "var"
    shutil.copytree(original, var_dir)
    running = start_server(var_dir, newcomer_password)
    yield running
    running.stop()
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "server.log").write_text("".join(running.output), encoding="utf-8")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser process for the session; every test gets its own profile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Any, server: Server, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`new_page(viewport=PHONE, dark=True)`: a page in a profile of its own; a second call is a second visitor.

    The test fails on an uncaught script error and on any request that would leave this machine (which is aborted).
    """
    contexts: list[Any] = []
    problems: list[str] = []

    def watch(page: Any) -> None:
        page.on("pageerror", lambda error: problems.append(f"script error on {page.url}: {error}"))

    def keep_here(route: Any) -> None:
        if urlsplit(route.request.url).hostname in {"localhost", "127.0.0.1"}:
            route.continue_()
        else:
            problems.append(f"request that leaves this machine: {route.request.url}")
            route.abort()

    def open_page(*, viewport: dict[str, int] = DESKTOP, dark: bool = False) -> Any:
        context = chromium.new_context(
            viewport=viewport,
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            base_url=server.url,
        )
        context.set_default_timeout(20_000)
        context.route(re.compile(r"^https?://"), keep_here)
        context.on("page", watch)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        if request.session.testsfailed and context.pages:
            with contextlib.suppress(Exception):
                picture(context.pages[-1], f"failed-{request.node.name}")
        context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    """A page on a desktop screen, signed out."""
    return new_page()


def settled(page: Any) -> None:
    """Wait until no script has run for `QUIET_S` and the page shows something."""
    page.wait_for_function(
        """quiet => {
            const app = document.querySelector('[data-testid=stApp]');
            const idle = app && app.getAttribute('data-test-script-state') === 'notRunning'
                && app.getAttribute('data-test-connection-state') === 'CONNECTED'
                && !document.querySelector('[data-testid=stSkeleton]');
            if (!idle) { window.__idle_since = undefined; return false; }
            window.__idle_since ??= performance.now();
            return performance.now() - window.__idle_since >= quiet;
        }""",
        arg=QUIET_S * 1000,
        polling=50,
    )
    page.evaluate("() => { window.__idle_since = undefined; }")


def fill_sign_in(page: Any, username: str, password: str) -> None:
    """Type into the sign-in form and press the button."""
    page.get_by_role("textbox", name="User name").first.fill(username)
    page.get_by_role("textbox", name="Password").first.fill(password)
    page.get_by_role("button", name="Sign in", exact=True).first.click()


def sign_in(page: Any, role: str, path: str = "/") -> None:
    """Sign the person of `role` in, starting at `path`, and wait for the page behind it."""
    page.goto(path)
    settled(page)
    fill_sign_in(page, role, PASSWORD.format(role=role))
    page.get_by_test_id("stSidebar").first.wait_for(state="attached")
    settled(page)


def picture(page: Any, name: str) -> Path:
    """A screenshot of the whole page under `test-artifacts/`."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}.png"
    page.screenshot(path=path, full_page=True)
    return path
