"""The manager's five minutes: move, save, optimise, submit; and the executive who decides. In a real browser."""

from __future__ import annotations

import shutil

import pytest

from tests.browser.conftest import DESKTOP, PHONE, picture, settled, sign_in
from tests.champion import whole_champion
from tests.running import start_server


@pytest.fixture(scope="module")
def server(seeded, tmp_path_factory):
    """A server of this module's own, over a workspace with a published model."""
    from mmm.bootstrap import build_services
    from mmm.settings import Settings

    original, newcomer_password = seeded
    var_dir = tmp_path_factory.mktemp("planning") / "var"
    shutil.copytree(original, var_dir)
    services = build_services(Settings(var_dir=var_dir, sample=False))
    try:
        ticket = services.accounts.issue_ticket("analyst")
        analyst = services.accounts.actor_for(services.accounts.redeem_ticket(ticket))
        whole_champion(services, analyst)
    finally:
        services.close()
    running = start_server(var_dir, newcomer_password)
    yield running
    running.stop()


def title(page):
    return page.get_by_role("heading", level=1).first.inner_text()


def slider(page, channel):
    return page.locator(f".st-key-level_{channel}").first.get_by_role("slider")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()
    settled(page)


def figure(page, label):
    metric = page.get_by_test_id("stMetric").filter(has_text=label).first
    return metric.get_by_test_id("stMetricValue").inner_text()


def plan_line(page):
    """The y values of the plan in the chart of sales."""
    return page.locator(".st-key-scenario_ahead .js-plotly-plot").first.evaluate("node => node.data[4].y")


def test_a_manager_plans_and_an_executive_approves(new_page):
    manager = new_page()
    sign_in(manager, "manager", "/scenarios")
    assert title(manager).startswith("Spending as today brings about €")
    assert figure(manager, "Against today") == "€0"
    before = plan_line(manager)

    thumb = slider(manager, 0)
    thumb.focus()
    for _ in range(6):
        manager.keyboard.press("ArrowRight")
    settled(manager)
    assert "more on search brings about" in title(manager)
    assert figure(manager, "Against today").startswith("+€")
    assert plan_line(manager) != before

    press(manager, "−10 %")
    assert figure(manager, "Against today").startswith("−€")
    manager.get_by_role("textbox", name="Name of the plan").first.fill("A tenth less")
    press(manager, "Save plan")
    manager.get_by_text("“A tenth less” is saved.").first.wait_for()

    manager.get_by_role("link", name="Optimise").first.click()
    settled(manager)
    manager.get_by_role("heading", name="likely").first.wait_for()
    picture(manager, "optimise-1440-light")
    found = title(manager)
    press(manager, "Turn into a scenario")
    manager.wait_for_url("**/scenarios")
    settled(manager)
    assert title(manager) == found
    picture(manager, "scenario-of-optimum-1440-light")

    manager.get_by_role("textbox", name="Name of the plan").first.fill("Better split")
    press(manager, "Submit for approval")
    manager.get_by_text("“Better split” is submitted").first.wait_for()

    executive = new_page()
    sign_in(executive, "executive", "/plans")
    assert title(executive) == "“Better split” waits for your decision."
    picture(executive, "plans-executive-1440-light")
    press(executive, "Approve")
    executive.get_by_text("“Better split” is approved.").first.wait_for()

    manager.goto("/plans")
    settled(manager)
    assert "“Better split” is approved" in title(manager)
    assert manager.get_by_role("button", name="Approve", exact=True).count() == 0
    manager.get_by_role("combobox", name="Compare with").first.click()
    manager.get_by_role("option", name="A tenth less").first.click()
    settled(manager)
    manager.get_by_text("“Better split” brings about").first.wait_for()
    ranges = manager.evaluate(
        "() => [...document.querySelectorAll('.js-plotly-plot')].slice(0, 2).map(n => n.layout.yaxis.range)"
    )
    assert ranges[0] == ranges[1]
    picture(manager, "plans-compared-1440-light")


def test_nothing_jumps_while_a_slider_is_moved(new_page):
    page = new_page()
    sign_in(page, "manager", "/scenarios")
    page.evaluate(
        """() => {
            window.__heights = new Set();
            const look = () => {
                const main = document.querySelector('[data-testid=stMain]');
                window.__heights.add(`${main.scrollHeight}`);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    slider(page, 1).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        settled(page)
    assert len(page.evaluate("() => [...window.__heights]")) == 1


@pytest.mark.parametrize(("viewport", "dark"), [(DESKTOP, False), (DESKTOP, True), (PHONE, False)])
def test_pictures_of_planning(new_page, viewport, dark):
    page = new_page(viewport=viewport, dark=dark)
    name = f"{viewport['width']}-{'dark' if dark else 'light'}"
    sign_in(page, "manager", "/scenarios")
    picture(page, f"scenarios-{name}")
    press(page, "As last year")
    for tab in ("Spend by channel", "What channels bring"):
        page.get_by_role("tab", name=tab).first.click()
        settled(page)
        picture(page, f"scenarios-{tab}-{name}")
    page.goto("/optimise")
    settled(page)
    picture(page, f"optimise-{name}")
    for tab in ("Channel by channel", "How far to go"):
        page.get_by_role("tab", name=tab).first.click()
        settled(page)
        picture(page, f"optimise-{tab}-{name}")
    page.goto("/plans")
    settled(page)
    picture(page, f"plans-{name}")
