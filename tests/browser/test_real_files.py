"""The whole story on files that others published."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.browser.conftest import picture, settled, sign_in
from tests.browser.desk import (
    ANSWERS,
    choose,
    hand_over,
    hand_over_all,
    headline,
    open_box,
    publish_when_trained,
    save_as,
    train_structural,
)

SHARED = Path(__file__).parents[3] / "shared" / "data"
TRAINED_WITHIN_MS = 240_000  # 20 markets x 3 years, fitted twice
FILES = {
    "pymc_mmm_example.csv": ("Shop with events", "179 weeks of 2 channels"),
    "meridian_geo_media.csv": ("Twenty markets", "156 weeks of 4 channels"),
}


@pytest.mark.shared
@pytest.mark.timeout(600)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.skipif(not SHARED.exists(), reason=f"the example files are not there: {SHARED}")
def test_a_published_file_becomes_answers(page, file):
    name, says = FILES[file]
    sign_in(page, "analyst", "/data")
    open_box(page)
    hand_over(page, file, (SHARED / file).read_bytes())
    headline(page).get_by_text(re.compile(f"ready to be saved: {says}")).wait_for()
    picture(page, f"real-{name}-mapping")
    save_as(page, name)
    train_structural(page)
    publish_when_trained(page, name, TRAINED_WITHIN_MS)
    for path in ANSWERS:
        page.goto(f"/{path}")
        settled(page)
        title = headline(page).inner_text()
        assert title.endswith("."), f"{path}: {title}"
        assert not re.search(r"\bnan\b|None|Traceback", page.get_by_test_id("stMain").inner_text()), path
        picture(page, f"real-{name}-{path}")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason=f"the example files are not there: {SHARED}")
def test_two_platforms_and_daily_sales_are_one_upload(page):
    sign_in(page, "analyst", "/data")
    open_box(page)
    exports = ("export_google_ads_campaign_daily.csv", "export_meta_ads_campaign_daily.csv")
    hand_over_all(page, *((name, (SHARED / name).read_bytes()) for name in exports), ("sales.csv", daily_sales()))
    headline(page).get_by_text("3 files leave 1 question that only you can answer").wait_for()
    main = page.get_by_test_id("stMain").inner_text()
    assert "Cost $582,856.18" in main  # as the platform's own total says
    assert "$329,717.53" in main
    choose(page, "Add up to weeks")
    headline(page).get_by_text("3 files are ready to be saved: 26 weeks of 5 channels").wait_for()
    picture(page, "real-two-platforms")
    save_as(page, "Two platforms")


def daily_sales() -> bytes:
    """Sales of every day that the exports cover."""
    days = (date(2026, 3, 2) + timedelta(days=n) for n in range(182))
    return "\n".join(["date,revenue", *(f"{day},{15000 + 97 * (day.toordinal() % 31)}" for day in days)]).encode()
