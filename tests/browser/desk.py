"""An analyst's way from a file to a published model, as steps that browser tests share."""

from __future__ import annotations

import re
from typing import Any

from tests.browser.conftest import settled

ANSWERS = ("home", "contribution", "channels", "explain", "scenarios", "optimise")  # pages that a model fills


def headline(page: Any) -> Any:
    """The page's title, which is its finding."""
    return page.get_by_test_id("stMain").get_by_role("heading", level=1).first


def press(page: Any, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).first.click()
    settled(page)


def choose(page: Any, text: str) -> None:
    page.get_by_text(text, exact=True).first.click()
    settled(page)


def open_box(page: Any) -> None:
    """The box for a file; beside data that are there already it has to be asked for."""
    if page.get_by_role("button", name="Upload files").count():
        press(page, "Upload files")
        choose(page, "are another data set")


def hand_over(page: Any, name: str, content: bytes) -> None:
    page.locator("input[type=file]").first.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    settled(page)


def hand_over_all(page: Any, *files: tuple[str, bytes]) -> None:
    """Several files at once, as a person selects them together."""
    given = [{"name": name, "mimeType": "text/csv", "buffer": content} for name, content in files]
    page.locator("input[type=file]").first.set_input_files(given)
    settled(page)


def save_as(page: Any, name: str, *, twice: bool = False) -> None:
    """Name the data set and save it; `twice` presses as an impatient person does."""
    page.get_by_role("textbox", name="Name of the data set").first.fill(name)
    page.keyboard.press("Tab")
    settled(page)
    save = page.get_by_role("button", name="Save", exact=True).first
    if twice:
        save.dblclick()
    else:
        save.click()
    headline(page).get_by_text(f"“{name}” reaches to").wait_for()
    settled(page)


def train_structural(page: Any) -> None:
    """Start the training of the data set just saved, with the structural family alone."""
    press(page, "Train on these data")
    for family in ("Ridge", "XGBoost"):
        choose(page, family)
    page.get_by_role("button", name="Train", exact=True).first.click()
    page.get_by_role("button", name="Cancel").first.wait_for()


def publish_when_trained(page: Any, name: str, within_ms: int) -> None:
    """Wait for the training on the Train page, then publish, giving a reason where a check failed."""
    publish = page.get_by_role("button", name=re.compile(r"^Publish model 1"))
    publish.first.wait_for(timeout=within_ms)
    settled(page)
    headline(page).get_by_text(f"is recommended for “{name}”").wait_for()
    publish.first.click()
    settled(page)
    if page.get_by_label(re.compile("^Why publish it all the same")).count():
        page.get_by_label(re.compile("^Why publish it all the same")).first.fill("A test of the way, not of the model.")
        page.keyboard.press("Tab")
        settled(page)
    press(page, "Publish now")
    page.get_by_text(f"answers for “{name}” from now on").first.wait_for()
