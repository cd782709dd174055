import json

import pytest

from mmm.data.mapping import guess_mapping
from mmm.data.schema import RECENT, Change, describe, schema_changes
from mmm.errors import DataError
from tests.data.tables import raw, table

OLD = raw(table(40))
MAPPING = guess_mapping(OLD)
SUMMARY = json.loads(json.dumps(describe(OLD), allow_nan=False))


def changed(text: str):
    return {change.column: change for change in schema_changes(SUMMARY, raw(text), MAPPING)}


def renamed(text: str, old: str, new: str) -> str:
    head, _, rest = text.partition("\n")
    return head.replace(old, new) + "\n" + rest


def rescaled(column: str, factor: float, n: int = 44) -> str:
    start = {"sales": (1000, 10), "tv_spend": (100, 1)}[column]
    return table(n, {i: {column: f"{factor * (start[0] + start[1] * i):g}"} for i in range(n)})


def test_the_same_columns_with_more_weeks_are_no_change():
    assert changed(table(44)) == {}


def test_a_description_holds_no_text_of_a_cell():
    summary = describe(raw(table(30, extra={"note": ["secret"] * 30})))
    assert "secret" not in json.dumps(summary)
    assert summary["columns"]["note"]["kind"] == "text"
    assert len(summary["dates"]) == RECENT


def test_a_column_that_appears_is_told():
    change = changed(table(44, extra={"search_spend": ["3"] * 44}))["search_spend"]
    assert change.change is Change.APPEARED


def test_a_column_that_vanishes_is_told_with_its_use():
    lines = [line.rsplit(",", 1)[0] for line in table(44).splitlines()]
    change = changed("\n".join(lines))["radio_spend"]
    assert change.change is Change.GONE
    assert change.used
    assert "spend of radio" in change.message


def test_the_same_numbers_under_another_name_are_a_renaming():
    change = changed(renamed(table(44), "tv_spend", "television"))["television"]
    assert (change.change, change.before, change.used) == (Change.RENAMED, "tv_spend", True)


def test_a_renaming_takes_an_overlap_of_values_to_be_seen():
    later = raw(renamed(table(90, drop=tuple(range(60))), "tv_spend", "television"))
    changes = {c.column: c.change for c in schema_changes(SUMMARY, later, MAPPING)}
    assert changes == {"tv_spend": Change.GONE, "television": Change.APPEARED}


def test_numbers_that_became_text_are_told():
    change = changed(table(44, {i: {"tv_spend": "n.n. offen"} for i in range(44)}))["tv_spend"]
    assert change.change is Change.TYPE
    assert "held numbers and now holds text" in change.message


@pytest.mark.parametrize(("factor", "words"), [(1000, "1,000 times"), (0.01, "one 100th")])
def test_a_change_of_unit_is_seen_in_the_overlap(factor, words):
    change = changed(rescaled("sales", factor))["sales"]
    assert change.change is Change.SCALE
    assert change.factor == pytest.approx(factor)
    assert words in change.message


def test_another_currency_is_seen_in_the_overlap():
    change = changed(rescaled("sales", 1.08))["sales"]
    assert change.factor == pytest.approx(1.08, rel=1e-3)
    assert "Another currency" in change.message


def test_a_few_corrected_cells_are_no_change_of_meaning():
    assert changed(table(44, {38: {"sales": "900"}, 39: {"sales": "1500"}})) == {}


def test_columns_that_were_swapped_are_told():
    text = renamed(renamed(table(44), "tv_spend", "x"), "radio_spend", "tv_spend").replace(",x,", ",radio_spend,", 1)
    changes = changed(text)
    assert changes["tv_spend"].change is Change.MEANING
    assert changes["tv_spend"].before == "radio_spend"


def test_spend_that_became_impressions_is_told_without_an_overlap():
    summary = describe(raw(table(40, {i: {"tv_spend": f"{100.25 + i}"} for i in range(40)})))
    text = table(90, {i: {"tv_spend": f"{48_000 + 977 * (i % 7)}"} for i in range(90)}, drop=tuple(range(60)))
    (change,) = schema_changes(summary, raw(text), MAPPING)
    assert (change.column, change.change) == ("tv_spend", Change.MEANING)
    assert "impressions" in change.message


def test_changes_of_used_columns_come_first():
    text = renamed(table(44, extra={"extra": ["1"] * 44}), "tv_spend", "television")
    assert [change.used for change in schema_changes(SUMMARY, raw(text), MAPPING)] == [True, False]


def test_a_description_in_another_format_is_refused():
    with pytest.raises(DataError, match="format"):
        schema_changes({"format": 99}, OLD)


def test_a_change_is_json():
    change = changed(rescaled("sales", 1000))["sales"]
    assert json.loads(json.dumps(change.as_dict()))["change"] == "scale"
