"""The sample of a first start, from its one-time password to every page that answers.

A file of its own, because the files of browser tests are what its processes share among themselves.
"""

from __future__ import annotations

import pytest

from tests.browser.conftest import PHONE, fill_sign_in, picture, settled
from tests.browser.desk import ANSWERS
from tests.running import start_server

TRAINED_WITHIN_MS = 240_000  # the workers start, and every family is fitted


@pytest.mark.timeout(600)
def test_a_first_start_leads_from_a_one_time_password_to_answers(new_page, tmp_path):
    server = start_server(tmp_path / "var", "", {"MMM_SAMPLE": "1"})
    try:
        lines = (tmp_path / "var" / "first-run-credentials.txt").read_text().splitlines()
        password = dict(line.split() for line in lines if len(line.split()) == 2)["manager"]
        page = new_page()
        _first_sign_in(page, server.url, password)
        page.goto(f"{server.url}/home")
        page.get_by_text("Three moves worth making").first.wait_for(timeout=TRAINED_WITHIN_MS)
        settled(page)
        for path in ANSWERS:
            page.goto(f"{server.url}/{path}")
            settled(page)
            assert page.get_by_text("Sample data").count() >= 1, f"{path} does not say that the data are a sample"
            picture(page, f"sample-{path}-1440")
        page.set_viewport_size(PHONE)
        for path in ANSWERS:
            page.goto(f"{server.url}/{path}")
            settled(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            picture(page, f"sample-{path}-390")
    finally:
        server.stop()


def _first_sign_in(page, url, one_time):
    page.goto(url)
    settled(page)
    fill_sign_in(page, "manager", one_time)
    page.get_by_role("heading", name="Choose your own password").first.wait_for()
    settled(page)
    page.get_by_role("textbox", name="One-time password").fill(one_time)
    page.get_by_role("textbox", name="New password", exact=True).fill("seven-quiet-harbours")
    page.get_by_role("textbox", name="New password, again").fill("seven-quiet-harbours")
    page.get_by_role("button", name="Change password").first.click()
    page.get_by_role("button", name="Sign out").first.wait_for(state="attached")
    settled(page)
