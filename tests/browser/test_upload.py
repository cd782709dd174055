"""A messy file from the desk of an analyst to a published model: in a real browser, against a real server."""

from __future__ import annotations

from tests.browser.conftest import PHONE, picture, settled, sign_in
from tests.browser.desk import (
    choose,
    hand_over,
    headline,
    open_box,
    publish_when_trained,
    save_as,
    train_structural,
)
from tests.messy import NAME, messy_csv

TRAINED_WITHIN_MS = 120_000  # the workers start, and one family is fitted twice


def test_a_messy_file_becomes_a_published_model(page, new_page):
    sign_in(page, "analyst", "/data")
    open_box(page)
    hand_over(page, "sales.csv", b"\x89PNG\r\n\x1a\n0000")
    page.get_by_text("is an image, not a table").first.wait_for()

    hand_over(page, NAME, messy_csv())
    headline(page).get_by_text("leaves 3 questions that only you can answer").wait_for()
    assert page.get_by_test_id("stMain").get_by_role("link").count() == 0  # names and cells are no links
    assert page.get_by_role("button", name="Save", exact=True).first.is_disabled()
    picture(page, "upload-questions")
    choose(page, "A credit: take it off earlier spend")
    choose(page, "Nothing was spent: read as zero")
    choose(page, "Keep the first")
    headline(page).get_by_text("is ready to be saved: 80 weeks of 3 channels").wait_for()

    other_tab = page.context.new_page()
    other_tab.goto("/data")
    settled(other_tab)
    assert "ready to be saved" not in headline(other_tab).inner_text()  # the upload is this tab's alone
    other_tab.close()

    save_as(page, "Shop", twice=True)
    picture(page, "upload-saved")
    page.get_by_role("tab", name="Versions").click()
    settled(page)
    page.get_by_test_id("stMain").get_by_label("1 version with who uploaded it").first.wait_for(state="attached")

    train_structural(page)
    page.goto("/data")
    settled(page)
    page.goto("/train")  # a switch of pages and a hard reload later it is still there, or done
    publish_when_trained(page, "Shop", TRAINED_WITHIN_MS)

    page.goto("/models")
    settled(page)
    headline(page).get_by_text("Model 1 (Structural) of “Shop”").wait_for()
    assert page.locator(".js-plotly-plot").count() == 1
    picture(page, "models-1440-light")

    phone = new_page(viewport=PHONE, dark=True)
    for path in ("data", "train", "models"):
        if path == "data":
            sign_in(phone, "analyst", "/data")
        else:
            phone.goto(f"/{path}")
            settled(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        picture(phone, f"{path}-390-dark")
