"""Several files in one upload, their questions and rules, and the data set that they continue, through the router."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mmm.data.append import CellChange
from mmm.data.sources.source import Recipe, Rule, Source
from mmm.web.data_columns import Meaning
from mmm.web.data_continue import differences
from mmm.web.data_rules import (
    CHANNEL,
    COLUMN,
    HOW,
    ORDER,
    PATTERN,
    TEXT,
    edited,
    rows_of,
    rule_problems,
    rules_of,
    sent,
    with_rules,
)
from tests.reports import REPORT, SALES, google_report, shop_sales
from tests.web.data_steps import button, labelled, texts

MONTHS = 30


def hand_over(app, *files):
    box = app.file_uploader[0]
    for name, content in files:
        box = box.upload(name, content)
    box.run()
    assert not app.exception
    return app


def radio(app, part):
    return next(r for r in app.radio if part in r.key)


def two_files(app, first=0, last=MONTHS, **sales):
    return hand_over(app, (REPORT, google_report(first, last)), (SALES, shop_sales(first, last, **sales)))


def settle(app):
    radio(app, "date_order").set_value("dmy").run()
    radio(app, "missing_spend").set_value("zero").run()
    assert not app.exception
    return app


def saved(app, name="Shop"):
    settle(two_files(app))
    labelled(app.text_input, "Name of the data set").set_value(name).run()
    button(app, "Save").click().run()
    assert not app.exception
    return app


class TestFiles:
    def test_each_says_what_it_is_and_adds_up_to(self, app_as):
        app = two_files(app_as("analyst", "data"))
        assert "2 files leave 1 question that only you can answer" in texts(app.title)
        said = texts(app.markdown)
        assert "Google Ads, campaign rows by day, 1 Jan 2023 – 30 Jun 2025" in said
        assert "Cost £" in texts(app.caption)

    def test_one_that_is_no_table_says_why_and_leaves_the_rest(self, app_as):
        picture = ("picture.csv", b"\x89PNG\r\n\x1a\n0000")
        app = hand_over(app_as("analyst", "data"), (REPORT, google_report(0, 3)), picture, (SALES, shop_sales(0, 3)))
        assert "2 files" in texts(app.title)
        assert "“picture.csv” is an image, not a table" in texts(app.error)

    def test_a_file_may_be_taken_out_again(self, app_as):
        app = two_files(app_as("analyst", "data"))
        next(b for b in app.button if b.key.endswith("remove_1")).click().run()
        assert not app.exception
        assert f"“{REPORT}” was read" in texts(app.title)
        assert "does not hold your own sales" in texts(app.info)

    def test_a_file_may_be_added_later(self, app_as):
        app = hand_over(app_as("analyst", "data"), (REPORT, google_report(0, MONTHS)))
        hand_over(app, (SALES, shop_sales(0, MONTHS)))
        assert "2 files" in texts(app.title)

    def test_an_answer_about_a_file_stays_and_can_be_changed(self, app_as):
        app = settle(two_files(app_as("analyst", "data")))
        assert "2 files are ready to be saved: 30 months of 4 channels" in texts(app.title)
        assert radio(app, "date_order").value == "dmy"
        radio(app, "date_order").set_value("mdy").run()
        assert not app.exception
        assert "30 months" not in texts(app.title)

    def test_personal_columns_are_left_out_with_their_kind(self, app_as, installation):
        app = settle(two_files(app_as("analyst", "data")))
        assert "Left out" in labelled(app.selectbox, "customer_email (e-mail)").value.value
        button(app, "Save").click().run()
        actor, datasets = installation.actor("analyst"), installation.services.datasets
        (dataset,) = datasets.list(actor)
        assert "customer_email" not in datasets.as_read(actor, dataset.latest.id, 1).columns

    def test_a_personal_column_may_be_kept_as_a_pseudonym(self, app_as, installation):
        app = settle(two_files(app_as("analyst", "data")))
        labelled(app.selectbox, "customer_email (e-mail)").set_value(Meaning.PSEUDONYM).run()
        assert "Stored as pseudonyms: customer_email" in texts(app.caption)
        button(app, "Save").click().run()
        assert not app.exception
        actor, datasets = installation.actor("analyst"), installation.services.datasets
        (dataset,) = datasets.list(actor)
        cells = datasets.as_read(actor, dataset.latest.id, 1)["customer_email"]
        assert cells.nunique() == MONTHS
        assert not cells.str.contains("@").any()


class TestContinuing:
    def test_later_months_are_added_and_what_differs_is_listed(self, app_as, installation):
        app = saved(app_as("analyst", "data"))
        button(app, "Upload files").click().run()
        two_files(app, MONTHS - 1, MONTHS + 1, changed=1.1)
        assert radio(app, "_how").value == "append"
        assert "other value" in texts(app.markdown)
        assert "1 question" in texts(app.title)
        radio(app, "question_overlap").set_value("new").run()
        assert "31 months of 4 channels" in texts(app.title)
        button(app, "Save").click().run()
        assert "Saved as version 2 of “Shop”" in texts(app.success)
        actor = installation.actor("analyst")
        (dataset,) = installation.services.datasets.list(actor)
        assert installation.services.datasets.lineage(actor, dataset.latest.id).how == "append"

    def test_figures_that_differ_come_with_their_change_the_largest_first(self):
        small, large = (CellChange("tv", None, "2024-01-01", "100", new) for new in ("101", "150"))
        table = differences([small, large])
        assert list(table["Change"].round(2)) == [0.5, 0.01]
        assert "Market" not in table.columns


class TestRules:
    rules = (Rule("Brand", "brand", column="Campaign"), Rule("Search", "^gen", "regex"))

    def test_they_survive_being_edited_without_a_change(self):
        assert rules_of(edited(rows_of(self.rules), {})) == self.rules

    def test_the_order_column_decides_which_is_tried_first(self):
        rows = edited(rows_of(self.rules), {"edited_rows": {"1": {ORDER: 0.5}}})
        assert [rule.channel for rule in rules_of(rows)] == ["Search", "Brand"]

    def test_rows_may_be_added_and_removed(self):
        added = {CHANNEL: "Video", HOW: PATTERN, TEXT: "video|yt", COLUMN: None}
        rows = edited(rows_of(self.rules), {"deleted_rows": [0], "added_rows": [added, {}]})
        assert rules_of(rows) == (self.rules[1], Rule("Video", "video|yt", "regex"))

    def test_a_channel_typed_beside_a_text_is_a_rule(self):
        assert sent(["Splash", "Splash Summer", "x"], {0: "A", 1: " B ", 2: ""}) == (
            Rule("B", "Splash Summer"),
            Rule("A", "Splash"),
        )

    @pytest.mark.parametrize(
        ("rule", "said"),
        [
            (Rule("X", "(open", "regex"), "is no regular expression"),
            (Rule("", "brand"), "names no channel"),
            (Rule("X", "brand", column="Mood"), "looks in “Mood”"),
        ],
    )
    def test_what_is_wrong_is_said_in_words(self, rule, said):
        assert any(said in problem for problem in rule_problems([rule], ["Campaign"]))

    def test_only_the_rules_of_that_file_change(self):
        recipe = Recipe((Source("a"), Source("b", unmatched="Other")))
        changed = with_rules(recipe, 1, self.rules, "Rest")
        assert changed.sources == (recipe.sources[0], replace(recipe.sources[1], rules=self.rules, unmatched="Rest"))

    def test_applied_they_make_a_channel_of_what_was_left_over(self, app_as):
        app = settle(two_files(app_as("analyst", "data")))
        key = next(k for k in (e.key for e in app.data_editor) if "leftover_0" in k)
        app.session_state[key] = {
            "edited_rows": {0: {"Goes to channel": "Seasonal"}},
            "added_rows": [],
            "deleted_rows": [],
        }
        app.run()
        button(app, "Apply the rules").click().run()
        assert not app.exception
        assert "Channel of Seasonal spend" in [t.label for t in app.text_input]
