"""A messy file from the desk of an analyst to a published model: in a real browser, against a real server."""

from __future__ import annotations

import re

from tests.browser.conftest import PHONE, picture, settled, sign_in
from tests.messy import NAME, messy_csv

TRAINED_WITHIN_MS = 120_000  # the workers start, and one family is fitted twice


def headline(page):
    return page.get_by_test_id("stMain").get_by_role("heading", level=1).first


def hand_over(page, name, content):
    chooser = page.locator("input[type=file]").first
    chooser.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    settled(page)


def open_box(page):
    """The box for a file; beside data that are there already it has to be asked for."""
    if page.get_by_role("button", name="Upload a file").count():
        press(page, "Upload a file")
        choose(page, "is another data set")


def press(page, label):
    page.get_by_role("button", name=label, exact=True).first.click()
    settled(page)


def choose(page, text):
    page.get_by_text(text, exact=True).first.click()
    settled(page)


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

    page.get_by_role("textbox", name="Name of the data set").first.fill("Shop")
    page.keyboard.press("Tab")
    settled(page)
    page.get_by_role("button", name="Save", exact=True).first.dblclick()
    page.get_by_text("“Shop”").first.wait_for()
    settled(page)
    headline(page).get_by_text("“Shop” reaches to").wait_for()
    picture(page, "upload-saved")
    page.get_by_role("tab", name="Versions").click()
    settled(page)
    page.get_by_test_id("stMain").get_by_label("1 version with who uploaded it").first.wait_for(state="attached")

    press(page, "Train on these data")
    for family in ("Ridge", "XGBoost"):
        choose(page, family)
    page.get_by_role("button", name="Train", exact=True).first.click()
    page.get_by_role("button", name="Cancel").first.wait_for()
    page.goto("/data")
    settled(page)
    page.goto("/train")  # a switch of pages and a hard reload later it is still there, or done
    publish = page.get_by_role("button", name=re.compile(r"^Publish model 1"))
    publish.first.wait_for(timeout=TRAINED_WITHIN_MS)
    settled(page)
    headline(page).get_by_text("is recommended for “Shop”").wait_for()
    picture(page, "upload-trained")
    publish.first.click()
    settled(page)
    if page.get_by_label(re.compile("^Why publish it all the same")).count():
        page.get_by_label(re.compile("^Why publish it all the same")).first.fill("A test of the way, not of the model.")
        page.keyboard.press("Tab")
        settled(page)
    press(page, "Publish now")
    page.get_by_text("answers for “Shop” from now on").first.wait_for()

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
