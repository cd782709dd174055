"""A platform's report and the company's sales in one upload, and the months that follow: in a real browser."""

from __future__ import annotations

from tests.browser.conftest import PHONE, picture, settled, sign_in
from tests.browser.desk import choose, hand_over_all, headline, open_box, press, save_as
from tests.reports import REPORT, SALES, google_report, shop_sales

NAME = "Shop by month"
MONTHS = 30


def test_a_report_and_sales_become_a_data_set_that_later_months_continue(page, new_page):
    sign_in(page, "analyst", "/data")
    open_box(page)
    broken = ("broken.csv", b"\x89PNG\r\n\x1a\n0000")
    hand_over_all(page, (REPORT, google_report(0, MONTHS)), broken, (SALES, shop_sales(0, MONTHS)))
    headline(page).get_by_text("2 files leave 1 question that only you can answer").wait_for()
    page.get_by_text("is an image, not a table").first.wait_for()
    page.get_by_text("Google Ads, campaign rows by day, 1 Jan 2023 – 30 Jun 2025").first.wait_for()
    picture(page, "files-questions")

    choose(page, "Day first: 3 April")
    choose(page, "Nothing was spent: read as zero")
    headline(page).get_by_text("2 files are ready to be saved: 30 months of 4 channels").wait_for()
    page.get_by_text("1 name that no rule matches").first.wait_for()
    page.get_by_role("textbox", name="Rows that no rule matches go to").first.fill("Seasonal")
    page.keyboard.press("Tab")
    settled(page)
    press(page, "Apply the rules")
    page.get_by_text("Seasonal spend", exact=True).first.wait_for()
    picture(page, "files-rules-applied")
    save_as(page, NAME)

    press(page, "Upload files")
    later = (REPORT, google_report(MONTHS - 1, MONTHS + 1)), (SALES, shop_sales(MONTHS - 1, MONTHS + 1, changed=1.1))
    hand_over_all(page, *later)
    headline(page).get_by_text("leave 1 question that only you can answer").wait_for()
    page.get_by_text("of periods stored before came with another value").first.wait_for()
    picture(page, "files-append")
    choose(page, "Take the new figures")
    headline(page).get_by_text("31 months of 4 channels").wait_for()
    press(page, "Save")
    page.get_by_text(f"Saved as version 2 of “{NAME}”").first.wait_for()

    page.get_by_role("tab", name="Annotations").click()
    settled(page)
    page.get_by_role("textbox", name="What happened").first.fill("New shop opens")
    press(page, "Add")
    page.get_by_text("The annotation is drawn on every chart over time").first.wait_for()
    page.get_by_role("tab", name="Versions").click()
    settled(page)
    page.get_by_text("1 period is added").first.wait_for()
    picture(page, "files-versions")

    phone = new_page(viewport=PHONE, dark=True)
    sign_in(phone, "analyst", "/data")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, "files-stored-390-dark")
    press(phone, "Upload files")
    hand_over_all(phone, *later)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, "files-desk-390-dark")
