from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from mmm.data.append import append, continues
from mmm.data.build import build_panel
from mmm.data.mapping import guess_mapping
from mmm.errors import DataError
from tests.data.tables import raw, table, weeks

OLD = raw(table(30))
MAPPING = guess_mapping(OLD)


def part(start: int, stop: int, change=None, **more):
    text = table(stop, change, drop=tuple(range(start)), **more)
    return raw(text, "new.csv")


def codes(appended):
    return [finding.code for finding in appended.findings]


def test_new_weeks_come_behind_the_old_ones():
    appended = append(OLD, part(30, 34), MAPPING)
    assert appended.added == 4
    assert appended.table.frame["date"].tolist() == weeks(34)
    assert appended.table.frame["sales"].tolist() == [str(1000 + 10 * i) for i in range(34)]
    assert appended.overlap == appended.questions == ()


def test_rows_are_numbered_afresh():
    appended = append(OLD, part(30, 34), MAPPING)
    assert appended.table.frame.index.tolist() == list(range(1, 35))


def test_the_same_file_again_adds_nothing():
    appended = append(OLD, OLD, MAPPING)
    assert appended.added == 0
    assert appended.table.frame.reset_index(drop=True).equals(OLD.frame.reset_index(drop=True))
    assert continues(OLD, OLD, MAPPING) == "same"


def test_cells_are_compared_by_value_and_not_by_text():
    new = part(28, 32, {28: {"sales": '"1,280.0"'}})
    assert append(OLD, new, MAPPING).overlap == ()


def test_every_cell_that_differs_is_listed_and_asked_about():
    appended = append(OLD, part(28, 32, {28: {"sales": "7"}, 29: {"tv_spend": ""}}), MAPPING)
    assert [change.as_dict() for change in appended.overlap] == [
        {"column": "sales", "market": None, "period": weeks(30)[28], "old": "1280", "new": "7"},
        {"column": "tv_spend", "market": None, "period": weeks(30)[29], "old": "129", "new": ""},
    ]
    assert appended.table is None
    (question,) = appended.questions
    assert (question.code, question.options) == ("overlap", ("new", "old"))
    assert "1280 → 7" in question.message


@pytest.mark.parametrize(("prefer", "cell"), [("new", "7"), ("old", "1280")])
def test_the_file_chosen_counts_where_both_have_a_week(prefer, cell):
    appended = append(OLD, part(28, 32, {28: {"sales": "7"}}), MAPPING, prefer)
    assert appended.table.frame["sales"].iloc[28] == cell
    assert len(appended.table.frame) == 32


def test_a_gap_between_the_files_is_said():
    appended = append(OLD, part(33, 36), MAPPING)
    (gap,) = [finding for finding in appended.findings if finding.code == "gap"]
    assert "3 weeks are in neither file" in gap.message


def test_a_column_that_only_one_file_has_is_empty_in_the_others_rows():
    appended = append(OLD, part(30, 32, extra={"radio_grp": ["5"] * 32}), MAPPING)
    assert appended.table.frame["radio_grp"].tolist() == [""] * 30 + ["5"] * 2
    assert "column_earlier" in codes(appended)


def test_a_new_column_is_taken_over_for_the_weeks_both_have():
    appended = append(OLD, part(28, 32, extra={"radio_grp": ["5"] * 32}), MAPPING)
    assert appended.table.frame["radio_grp"].tolist() == [""] * 28 + ["5"] * 4


def test_decimal_commas_in_the_new_file_are_read_as_such():
    text = "date;sales;tv_spend;radio_spend\n" + "".join(f"{day};1.234,56;7,5;3,25\n" for day in weeks(33)[30:])
    appended = append(OLD, raw(text, "new.csv"), MAPPING)
    panel = build_panel(appended.table, MAPPING).panel
    assert panel.kpi[0, -3:].tolist() == [1234.56] * 3
    assert panel.kpi[0, 0] == 1000


def test_dates_in_another_form_are_the_same_weeks():
    text = "date,sales,tv_spend,radio_spend\n30.07.2024,1,2,3\n06.08.2024,4,5,6\n"
    appended = append(OLD, raw(text, "new.csv"), MAPPING)
    assert appended.table.frame["date"].tolist()[-2:] == ["2024-07-29", "2024-08-05"]


def test_earlier_history_is_put_before():
    appended = append(part(10, 30), OLD, MAPPING)
    assert appended.table.frame["date"].tolist() == weeks(30)


def by_market(start, stop):
    lines = [f"{day},{m},{i},{i}" for m in ("de", "fr") for i, day in enumerate(weeks(stop)) if i >= start]
    return raw("\n".join(["date,market,sales,tv_spend", *lines]) + "\n")


def test_each_market_keeps_its_own_weeks():
    old, new = by_market(0, 25), by_market(25, 27)
    mapping = guess_mapping(old)
    appended = append(old, new, mapping)
    assert sorted(appended.table.frame["market"]) == ["de"] * 27 + ["fr"] * 27
    assert build_panel(appended.table, mapping).panel.n_periods == 27


class TestIntention:
    def test_a_file_without_the_old_history_continues_it(self):
        assert continues(OLD, part(28, 34), MAPPING) == "append"

    def test_a_file_with_all_of_the_old_history_replaces_it(self):
        assert continues(OLD, part(0, 34), MAPPING) == "replace"

    def test_a_correction_of_the_whole_history_replaces_it(self):
        assert continues(OLD, part(0, 30, {3: {"sales": "1"}}), MAPPING) == "replace"


def test_a_file_without_the_date_column_is_refused():
    with pytest.raises(DataError, match="no column “date”"):
        append(OLD, raw("day,sales\n2024-01-01,1\n2024-01-08,2\n"), MAPPING)


def test_a_date_that_reads_two_ways_follows_the_mapping():
    new = raw("date,sales,tv_spend,radio_spend\n05/08/2024,1,2,3\n12/08/2024,4,5,6\n")
    with pytest.raises(DataError, match="day first or month first"):
        append(OLD, new, MAPPING)
    appended = append(OLD, new, replace(MAPPING, date_order="dmy"))
    assert appended.table.frame["date"].tolist()[-2:] == ["2024-08-05", "2024-08-12"]


changes = st.dictionaries(
    st.integers(20, 29),
    st.dictionaries(st.sampled_from(["sales", "tv_spend"]), st.sampled_from(["", "7", "1e3", "n/a"]), min_size=1),
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 29), st.integers(30, 40), changes, st.sampled_from(["new", "old"]))
def test_appending_twice_is_appending_once(start, stop, change, prefer):
    new = part(start, stop, change)
    once = append(OLD, new, MAPPING, prefer).table
    again = append(once, new, MAPPING, prefer)
    assert again.added == 0
    assert again.table.frame.equals(once.frame)
