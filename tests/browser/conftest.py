"""A headless Chromium in front of the running app (the `server` fixture of `tests/conftest.py`)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import ARTIFACTS, PASSWORD
from tests.running import Server

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",  # nothing leaves this machine
]
HERE = {"localhost", "127.0.0.1"}
SCHEMES_OF_THE_NET = {"http", "https", "ws", "wss"}
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

    The test fails on an uncaught script error and on any request that would leave this machine (which finds no host:
    listening costs little, while a request held back to be looked at costs the browser its cache).
    """
    contexts: list[Any] = []
    problems: list[str] = []

    def watch(page: Any) -> None:
        page.on("pageerror", lambda error: problems.append(f"script error on {page.url}: {error}"))
        page.on("websocket", lambda socket: keep_here(socket.url))

    def keep_here(url: str) -> None:
        address = urlsplit(url)
        if address.scheme in SCHEMES_OF_THE_NET and address.hostname not in HERE:
            problems.append(f"request that leaves this machine: {url}")

    def open_page(*, viewport: dict[str, int] = DESKTOP, dark: bool = False) -> Any:
        context = chromium.new_context(
            viewport=viewport,
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            timezone_id="Europe/Berlin",
            base_url=server.url,
        )
        context.set_default_timeout(20_000)
        context.on("request", lambda request: keep_here(request.url))
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
    """A screenshot of the whole page, however long, under `test-artifacts/`."""
    ARTIFACTS.mkdir(exist_ok=True)
    path = ARTIFACTS / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name)}.png"
    size = page.viewport_size
    # The page scrolls inside its frame, so the window has to grow for all of it to be seen.
    tall = page.evaluate("() => document.querySelector('[data-testid=stMain]')?.scrollHeight ?? 0")
    if tall > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": min(tall, 4000)})
        settled(page)
    page.screenshot(path=path)
    page.set_viewport_size(size)
    return path
