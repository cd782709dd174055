"""Rows to channels, by rules."""

from __future__ import annotations

import time
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest

from mmm.data.sources.rules import MAX_TEXT, channel_of, check_rules, unmatched_rows
from mmm.data.sources.source import Layout, Rule, Source
from mmm.errors import DataError


def frame(**columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(cells, dtype="str") for name, cells in columns.items()})


def source(*rules: Rule, keys: tuple[str, ...] = ("campaign",), unmatched: str = "Other") -> Source:
    return Source("ads.csv", Layout.ROWS, keys=keys, rules=rules, unmatched=unmatched)


def channels(table: pd.DataFrame, described: Source) -> list[str]:
    return channel_of(table, described)[0].tolist()


CAMPAIGNS = frame(campaign=["Brand | US", "brand | US", "Shoes", "Brand Shoes", ""], kind=["a", "b", "a", "b", "c"])


class TestMatching:
    def test_case_does_not_matter(self):
        assert channels(CAMPAIGNS, source(Rule("B", "BRAND")))[:3] == ["B", "B", "Other"]

    def test_the_first_rule_that_matches_decides(self):
        assert channels(CAMPAIGNS, source(Rule("S", "shoes"), Rule("B", "brand")))[2:4] == ["S", "S"]
        assert channels(CAMPAIGNS, source(Rule("B", "brand"), Rule("S", "shoes")))[2:4] == ["S", "B"]

    def test_a_bar_in_a_name_is_text(self):
        assert channels(CAMPAIGNS, source(Rule("B", "| us")))[:3] == ["B", "B", "Other"]

    def test_marks_of_expressions_are_text_in_a_plain_rule(self):
        table = frame(campaign=["a.c", "abc", "a*"])
        assert channels(table, source(Rule("Dot", "a.c"), Rule("Star", "a*"))) == ["Dot", "Other", "Star"]

    def test_an_expression_matches_anywhere(self):
        assert channels(CAMPAIGNS, source(Rule("B", r"^brand\b.*(us|uk)$", "regex")))[:4] == [
            "B",
            "B",
            "Other",
            "Other",
        ]

    def test_umlauts_are_compared_without_regard_to_case(self):
        assert channels(frame(campaign=["KÖLN"]), source(Rule("K", "köln"))) == ["K"]

    def test_an_empty_text_takes_what_is_left(self):
        assert channels(CAMPAIGNS, source(Rule("S", "shoes"), Rule("Rest", ""))) == ["Rest", "Rest", "S", "S", "Rest"]

    def test_a_rule_may_look_at_one_column_only(self):
        assert channels(CAMPAIGNS, source(Rule("A", "a", column="kind"), keys=("campaign", "kind")))[:2] == [
            "A",
            "Other",
        ]

    def test_without_a_column_it_looks_at_all_keys_together(self):
        described = source(Rule("AB", r"brand.* \| b$", "regex"), keys=("campaign", "kind"))
        assert channels(CAMPAIGNS, described)[:2] == ["Other", "AB"]

    def test_rows_without_a_match_go_where_the_source_says(self):
        names, matched = channel_of(CAMPAIGNS, source(Rule("S", "shoes"), unmatched="Google other"))
        assert names.tolist()[0] == "Google other"
        assert matched.tolist() == [False, False, True, True, False]

    def test_a_column_that_is_not_there_is_said(self):
        with pytest.raises(DataError, match="no column “group”"):
            channel_of(CAMPAIGNS, source(Rule("A", "a", column="group")))


class TestWithoutRules:
    def test_each_text_is_a_channel(self):
        assert channels(frame(campaign=["TV", "Radio"]), source()) == ["TV", "Radio"]

    def test_spellings_that_differ_in_case_or_blanks_are_one(self):
        assert channels(frame(campaign=["Paid  Social", "paid social ", "TV"]), source()) == [
            "Paid Social",
            "Paid Social",
            "TV",
        ]

    def test_a_blank_is_unmatched(self):
        names, matched = channel_of(frame(campaign=["TV", "--"]), source())
        assert (names.tolist(), matched.tolist()) == (["TV", "Other"], [True, False])


class TestUnmatched:
    def test_texts_are_listed_with_rows_and_spend_the_dearest_first(self):
        table = frame(campaign=["a", "b", "a", "c"])
        _, matched = channel_of(table, source(Rule("C", "c")))
        listed = unmatched_rows(table, source(Rule("C", "c")), matched, np.array([1.0, 9.0, 2.5, 4.0]))
        assert listed == (("b", 1, 9.0), ("a", 2, 3.5))

    def test_without_spend_the_most_rows_come_first(self):
        table = frame(campaign=["a", "b", "b"])
        _, matched = channel_of(table, source(Rule("C", "c")))
        assert unmatched_rows(table, source(Rule("C", "c")), matched, None) == (("b", 2, None), ("a", 1, None))

    def test_without_keys_the_text_is_what_the_rules_looked_at(self):
        described = source(Rule("C", "c", column="campaign"), keys=())
        table = frame(campaign=["a", "c"])
        _, matched = channel_of(table, described)
        assert unmatched_rows(table, described, matched, None) == (("a", 1, None),)


class TestChecking:
    def test_good_rules_have_no_problem(self):
        assert check_rules([Rule("B", "brand"), Rule("X", r"^a\d+$", "regex"), Rule("Rest", "")]) == []

    def test_a_broken_expression_is_named(self):
        (problem,) = check_rules([Rule("B", "(brand", "regex")])
        assert "Rule 1" in problem
        assert "(brand" in problem

    def test_a_rule_without_a_channel_is_named(self):
        assert "names no channel" in check_rules([Rule(" ", "brand")])[0]

    def test_a_rule_that_takes_every_row_before_others_is_named(self):
        assert "Move it to the end" in check_rules([Rule("All", ""), Rule("B", "brand")])[0]

    def test_an_endless_text_is_refused(self):
        assert "at most" in check_rules([Rule("B", "a" * (MAX_TEXT + 1))])[0]

    def test_all_problems_are_told_at_once(self):
        assert len(check_rules([Rule("", "a"), Rule("B", "(", "regex"), Rule("C", "[", "regex")])) == 3

    def test_rules_with_problems_are_not_used(self):
        with pytest.raises(DataError, match="Rule 1"):
            channel_of(CAMPAIGNS, source(Rule("B", "(brand", "regex")))


@pytest.mark.parametrize("text", ["(a+)+$", "(a|a)*$", "(.*)*x", ".*.*.*.*.*.*x", "(?:a?){60}a{60}$"])
def test_no_expression_takes_long(text):
    """Backtracking would take years on these; the engine is linear in the text, or refuses the expression."""
    table = frame(campaign=["a" * 5_000 + "b"] * 3)
    started = time.process_time()
    with suppress(DataError):
        channel_of(table, source(Rule("X", text, "regex")))
    assert time.process_time() - started < 2.0
