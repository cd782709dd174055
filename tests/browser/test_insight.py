"""Home, Contribution, Channels and Explain in a real browser, on a desk, on a phone, and in the dark."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmm.data.codec import dump
from mmm.models.base import FitSettings
from mmm.study import question
from mmm.validation.holdout import hold_out
from tests.browser.conftest import PHONE, picture, settled, sign_in
from tests.champion import known_world, publish, store
from tests.running import Server, start_server

PAGES = ("home", "contribution", "channels", "explain")


@pytest.fixture(scope="module")
def server(seeded: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, over a workspace with a published model of a data set with a margin."""
    from mmm.bootstrap import build_services
    from mmm.models.structural import fit_structural
    from mmm.settings import Settings

    original, newcomer_password = seeded
    var_dir = tmp_path_factory.mktemp("insight") / "var"
    shutil.copytree(original, var_dir)
    panel, model = known_world()
    panel = replace(panel, margin=0.45)
    services = build_services(Settings(var_dir=var_dir, sample=False))
    try:
        token = services.accounts.redeem_ticket(services.accounts.issue_ticket("analyst"))
        analyst = services.accounts.actor_for(token)
        assert analyst is not None
        results = question(model, panel, hold_out(panel, fit_structural, FitSettings()))
        version = store(services, analyst, panel, name="Harbour Outfitters")
        publish(services, analyst, version, model, results=dump(results))
    finally:
        services.close()
    running = start_server(var_dir, newcomer_password)
    yield running
    running.stop()


def go(page: Any, name: str) -> None:
    """Open a page as a person does, through the navigation where it shows."""
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=name.capitalize(), exact=True)
    if link.count() and link.first.is_visible() and page.viewport_size["width"] > PHONE["width"]:
        link.first.click()
        page.wait_for_url(f"**/{name}*")
    else:
        page.goto(f"/{name}")
    page.get_by_role("heading", level=1).first.wait_for()
    settled(page)


def title(page: Any) -> str:
    return str(page.get_by_role("heading", level=1).first.inner_text())


def charts(page: Any) -> int:
    return int(page.locator(".js-plotly-plot").count())


def overflow(page: Any) -> float:
    """Pixels by which the page is wider than its window."""
    return float(page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"))


def test_every_page_is_drawn_on_a_desk_with_its_finding(new_page: Callable[..., Any]) -> None:
    page = new_page()
    sign_in(page, "analyst", "/home")
    for name in PAGES:
        go(page, name)
        assert charts(page) >= 1, name
        assert title(page).endswith((".", "?"))
        assert "Harbour Outfitters" in page.inner_text("[data-testid=stMain]")
        assert page.get_by_text("Sample data").first.is_visible()
        picture(page, f"insight-{name}-desk")


def test_what_lies_behind_tabs_and_expanders_is_drawn_too(new_page: Callable[..., Any]) -> None:
    page = new_page()
    sign_in(page, "analyst", "/contribution")
    page.get_by_role("tab", name="By week").first.click()
    page.get_by_text("All numbers").first.click()
    settled(page)
    assert page.get_by_test_id("stDataFrame").first.is_visible()
    picture(page, "insight-contribution-week")
    go(page, "explain")
    for tab in ("Partial dependence", "Two channels together", "Fit and forecast"):
        page.get_by_role("tab", name=tab).first.click()
        settled(page)
        assert page.locator(".js-plotly-plot:visible").count() == 1, tab
        picture(page, f"insight-explain-{tab}")


def test_every_page_fits_a_phone(new_page: Callable[..., Any]) -> None:
    page = new_page(viewport=PHONE)
    sign_in(page, "executive", "/home")
    for name in PAGES:
        go(page, name)
        assert charts(page) >= 1, name
        assert overflow(page) <= 0, name
        picture(page, f"insight-{name}-phone")


def test_every_page_is_drawn_in_the_dark(new_page: Callable[..., Any]) -> None:
    page = new_page(dark=True)
    sign_in(page, "manager", "/home")
    for name in PAGES:
        go(page, name)
        ink = page.locator(".js-plotly-plot").first.evaluate("node => node.layout.template.layout.font.color")
        assert ink == "#E6E9EE"
        picture(page, f"insight-{name}-dark")


def test_another_channel_has_another_finding_and_an_address(new_page: Callable[..., Any]) -> None:
    page = new_page()
    sign_in(page, "manager", "/channels")
    before = title(page)
    page.locator(".st-key-channel").first.get_by_text("social").click()
    settled(page)
    assert title(page) != before
    assert "channel=social" in page.url
    assert page.get_by_role("heading", name="What if we double social?").first.is_visible()
    page.reload()
    settled(page)
    assert page.get_by_role("heading", name="What if we double social?").first.is_visible()


def test_a_move_opens_as_a_scenario(new_page: Callable[..., Any]) -> None:
    page = new_page()
    sign_in(page, "manager", "/home")
    page.get_by_role("button", name="Try it in a scenario").first.click()
    page.wait_for_url("**/scenarios")
    settled(page)
    assert "Spending as today" not in title(page)
    go(page, "channels")


def test_the_numbers_leave_as_a_file_and_are_written_down(new_page: Callable[..., Any]) -> None:
    page = new_page()
    sign_in(page, "manager", "/contribution")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export as CSV").first.click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("channel,spend,contribution (drop-one)")
