"""Rows added up to one row a date, with a column for each series."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.data.findings import Severity
from mmm.data.mapping import ChannelColumns, guess_mapping
from mmm.data.sources.recognise import recognise
from mmm.data.sources.source import Layout, Measure, Rule, Source
from mmm.data.sources.sums import amount_texts, group_sums
from mmm.data.sources.widen import Widened, widen
from tests.data.sources.exports import raw

LONG = """week,channel,spend,impressions
2024-01-01,TV,100.10,1000
2024-01-01,Radio,50.20,
2024-01-08,TV,0.30,10
"""


def widened(text: str, name: str = "media.csv", **changes: object) -> Widened:
    table = raw(text, name)
    return widen(table, replace(recognise(table), **changes))


def series(result: Widened) -> dict[str, list[str]]:
    return {str(column): result.table.frame[column].tolist() for column in result.table.frame}


def codes(result: Widened) -> list[str]:
    return [finding.code for finding in result.findings]


def weeks(n: int) -> list[str]:
    return [(date(2024, 1, 1) + timedelta(days=7 * i)).isoformat() for i in range(n)]


def repeated(values: list[str], heading: str = "revenue") -> str:
    """Two channels a week, each row with the week's value."""
    lines = [f"week,channel,spend,{heading}"]
    for day, value in zip(weeks(len(values)), values, strict=True):
        lines += [f"{day},TV,5,{value}", f"{day},Radio,3,{value}"]
    return "\n".join(lines)


class TestLongTables:
    def test_a_column_for_each_channel_and_measure(self):
        assert series(widened(LONG)) == {
            "week": ["2024-01-01", "2024-01-08"],
            "Radio spend": ["50.2", "0"],
            "Radio impressions": ["", "0"],
            "TV spend": ["100.1", "0.3"],
            "TV impressions": ["1000", "10"],
        }

    def test_a_blank_cell_stays_blank_and_an_absent_row_is_zero(self):
        assert series(widened(LONG))["Radio impressions"] == ["", "0"]

    def test_the_guess_finds_channels_with_their_exposure(self):
        assert guess_mapping(widened(LONG).table).channels == {
            "Radio": ChannelColumns("Radio spend", "Radio impressions"),
            "TV": ChannelColumns("TV spend", "TV impressions"),
        }

    def test_rows_are_numbered_anew_and_in_order_of_date(self):
        lines = LONG.splitlines()
        result = widened("\n".join([lines[0], lines[3], lines[2], lines[1]]))
        assert result.table.frame.index.tolist() == [1, 2]
        assert series(result)["week"] == ["2024-01-01", "2024-01-08"]

    def test_markets_keep_rows_of_their_own(self):
        lines = ["week,region,channel,spend"]
        lines += [
            f"{day},{region},{channel},{cost}"
            for day in weeks(12)
            for region, cost in (("North", 1), ("South", 2))
            for channel in ("TV", "Radio")
        ]
        frame = widened("\n".join(lines)).table.frame
        assert frame["region"].tolist()[:2] == ["North", "South"]
        assert frame["TV spend"].tolist()[:4] == ["1", "2", "1", "2"]

    def test_a_value_on_every_row_of_a_date_is_counted_once(self):
        result = widened(repeated(["100", "110", "90.5", "120"]))
        assert series(result)["revenue"] == ["100", "110", "90.5", "120"]
        assert result.totals["revenue"] == 420.5
        assert "counted once a date: 420.50 in all, not 841.00" in result.findings[0].message

    def test_values_that_differ_within_a_date_are_added_up(self):
        text = repeated(["100", "110", "90.5", "120"]).replace("Radio,3,110", "Radio,3,40")
        assert series(widened(text))["revenue"] == ["200", "150", "181", "240"]

    def test_a_column_of_ones_is_added_up(self):
        assert series(widened(repeated(["1"] * 6, "orders")))["orders"] == ["2"] * 6

    def test_other_numbers_that_are_the_same_all_over_a_date_are_kept(self):
        assert series(widened(repeated(["9.99", "9.99", "8.99", "9.99"], "price")))["price"][2] == "8.99"

    def test_a_flag_of_a_date_is_kept(self):
        assert series(widened(repeated(["0", "1", "0", "0"], "promotion")))["promotion"] == ["0", "1", "0", "0"]

    def test_columns_that_cannot_be_kept_are_named(self):
        lines = ["week,channel,spend,comment", *(f"{day},{c},5,x{c}" for day in weeks(9) for c in ("TV", "Radio"))]
        result = widened("\n".join(lines))
        assert [(f.code, f.severity) for f in result.findings] == [("columns_left_out", Severity.INFO)]
        assert "“comment”" in result.findings[0].message

    def test_names_and_values_become_columns_by_their_names(self):
        lines = ["date,variable,value"]
        for i, day in enumerate(weeks(9)):
            lines += [f"{day},sales,{100 + i}", f"{day},tv_spend,{i}.5"]
        result = widened("\n".join([*lines, "2024-01-01,event,1"]))
        assert list(series(result)) == ["date", "event", "sales", "tv_spend"]
        assert series(result)["event"][:2] == ["1", ""]
        assert guess_mapping(result.table).kpi == "sales"

    def test_many_texts_without_rules_are_refused(self):
        lines = ["week,channel,spend", *(f"{day},c{i},5" for day in weeks(3) for i in range(151))]
        assert codes(widened("\n".join(lines), rules=())) == ["too_many_channels"]


class TestCampaigns:
    CAMPAIGNS = """Day,Campaign,Cost,Impr.,Currency code
2024-01-01,a | b,1.10,10,EUR
2024-01-01,other,2.20,20,EUR
2024-01-03,a | b,--,30,EUR
"""

    def test_rules_of_a_person_replace_the_default(self):
        result = widened(self.CAMPAIGNS, rules=(Rule("Mine", "a |"),))
        assert series(result)["Mine spend"] == ["1.1", "0"]
        assert series(result)["Google other spend"] == ["2.2", "0"]

    def test_rows_without_a_rule_are_listed_and_counted(self):
        result = widened(self.CAMPAIGNS, rules=(Rule("Mine", "a |"),))
        assert result.unmatched == (("other", 1, 2.2),)

    def test_days_nobody_advertised_have_no_row(self):
        assert series(widened(self.CAMPAIGNS))["Day"] == ["2024-01-01", "2024-01-03"]

    def test_a_broken_rule_refuses_with_its_number(self):
        result = widened(self.CAMPAIGNS, rules=(Rule("Mine", "(", "regex"),))
        assert [f.severity for f in result.findings] == [Severity.REFUSE]
        assert "Rule 1" in result.findings[0].message

    def test_several_currencies_are_refused_until_they_are_converted(self):
        assert "mixed_currency" in codes(widened(self.CAMPAIGNS.replace("30,EUR", "30,USD")))

    def test_one_currency_is_fine(self):
        assert codes(widened(self.CAMPAIGNS)) == []

    def test_a_column_the_file_lost_is_named(self):
        result = widened(self.CAMPAIGNS, market="Country")
        assert [f.severity for f in result.findings] == [Severity.REFUSE]
        assert "no column “Country”" in result.findings[0].message


class TestFindings:
    def test_text_among_numbers_is_refused_with_row_and_column(self):
        (finding,) = widened(LONG.replace("50.20", "fifty")).findings
        assert (finding.code, finding.severity, finding.row, finding.column) == (
            *("text_in_number", Severity.REFUSE),
            *(3, "spend"),
        )

    def test_a_cell_that_is_no_date_is_refused_with_its_row(self):
        result = widened(LONG + "soon,TV,1,1\n")
        assert [(f.code, f.row) for f in result.findings if f.severity is Severity.REFUSE] == [("bad_date", 5)]

    def test_a_row_without_a_date_is_left_out_and_its_amount_said(self):
        result = widened(LONG + ",TV,7.50,1\n")
        found = next(f for f in result.findings if f.code == "undated_row")
        assert (found.severity, found.row) == (Severity.REPAIR, 5)
        assert "spend 7.50" in found.message
        assert result.totals["spend"] == 150.6

    def test_nothing_but_undated_rows_is_refused(self):
        result = widened("week,channel,spend\n,TV,1\n,Radio,2\n", date="week", layout=Layout.ROWS, keys=("channel",))
        assert Severity.REFUSE in [f.severity for f in result.findings]

    def test_the_table_is_the_file_itself_where_it_is_refused(self):
        table = raw(LONG.replace("50.20", "fifty"))
        assert widen(table, recognise(table)).table is table

    def test_dates_that_read_two_ways_are_a_question(self):
        text = LONG.replace("2024-01-01", "01/02/2024").replace("2024-01-08", "08/02/2024")
        result = widened(text)
        assert [(q.code, q.mapping_field) for q in result.questions] == [("date_order", "date_order")]
        assert result.totals == {}

    def test_the_answer_settles_them(self):
        text = LONG.replace("2024-01-01", "01/02/2024").replace("2024-01-08", "08/02/2024")
        assert series(widened(text, date_order="dmy"))["week"] == ["2024-02-01", "2024-02-08"]

    def test_time_stamps_count_for_the_day_as_written(self):
        text = LONG.replace("2024-01-01", "2024-01-01 23:59:59 +0100")
        assert series(widened(text))["week"] == ["2024-01-01", "2024-01-08"]


CENTS = st.integers(-10_000, 10_000_000)
NAMES = st.sampled_from(["Brand | US", "brand", "Shoes", "TV", "(x", "a.b", "ü", "--", "Total"])


@st.composite
def campaigns(draw):
    """Rows of day, campaign and cost in cents, and any rules."""
    rows = draw(st.lists(st.tuples(st.integers(0, 40), NAMES, CENTS), min_size=1, max_size=60))
    rules = draw(st.lists(st.builds(Rule, st.sampled_from(["A", "B", "C"]), NAMES), max_size=4))
    return rows, tuple(rules)


@given(campaigns())
def test_columns_come_to_what_the_rows_come_to_whatever_the_rules(given_rows):
    rows, rules = given_rows
    days = [(date(2024, 1, 1) + timedelta(days=day)).isoformat() for day, _, _ in rows]
    costs = [Decimal(cents) / 100 for _, _, cents in rows]
    table = pd.DataFrame(
        {"Day": days, "Campaign": [name for _, name, _ in rows], "Cost": [str(cost) for cost in costs]}, dtype="str"
    )
    read = raw("Day,Campaign,Cost\n2024-01-01,x,1\n")
    table.index = pd.RangeIndex(2, len(table) + 2, name="row")
    source = Source("ads.csv", Layout.ROWS, "google_ads", "Google Ads", "Day", keys=("Campaign",), rules=rules)
    result = widen(replace(read, frame=table), replace(source, measures={"Cost": Measure.SPEND}))
    frame = result.table.frame
    spent = sum((Decimal(cell) for name in frame if name.endswith(" spend") for cell in frame[name]), Decimal(0))
    assert spent == sum(costs)
    assert result.totals["Cost"] == float(sum(costs))
    by_day = {day: sum(c for d, c in zip(days, costs, strict=True) if d == day) for day in days}
    columns = [name for name in frame if name.endswith(" spend")]
    assert {
        day: sum(map(Decimal, cells)) for day, cells in zip(frame["Day"], frame[columns].to_numpy(), strict=True)
    } == by_day


@given(st.lists(st.tuples(st.integers(0, 4), st.decimals(-(10**9), 10**9, places=6)), min_size=1, max_size=80))
def test_group_sums_lose_no_millionth(pairs):
    group = np.array([at for at, _ in pairs])
    sums = group_sums(np.array([float(amount) for _, amount in pairs]), group, 5)
    for at in range(5):
        exact = sum((amount for place, amount in pairs if place == at), Decimal(0))
        if at not in group:
            assert np.isnan(sums[at])
        else:
            assert amount_texts(sums[at : at + 1])[0] == amount_texts(np.array([float(exact)]))[0]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (-0.0, "0"), (12.5, "12.5"), (1e9, "1000000000"), (0.1 + 0.2, "0.3"), (np.nan, "")]
)
def test_amounts_are_written_plainly(value, text):
    assert amount_texts(np.array([value])) == [text]


class TestDecimalMarks:
    TWOFOLD = "week;channel;spend;impressions\n2024-01-01;TV;1.500;15.106\n2024-01-08;Radio;2.250;9.999\n"

    def test_amounts_that_read_two_ways_are_a_question(self):
        text = self.TWOFOLD + "2024-01-08;TV;1.750;8.001\n"
        (question,) = widened(text).questions
        assert (question.code, question.mapping_field) == ("decimal_mark", "decimal_mark")

    @pytest.mark.parametrize(("mark", "first"), [("comma", "1500"), ("point", "1.5")])
    def test_the_answer_settles_them(self, mark, first):
        text = self.TWOFOLD + "2024-01-08;TV;1.750;8.001\n"
        assert series(widened(text, decimal_mark=mark))["TV spend"][0] == first

    def test_what_is_counted_has_no_decimals(self):
        text = self.TWOFOLD + "2024-01-08;TV;1.750;8.001\n"
        assert series(widened(text, decimal_mark="point"))["TV impressions"] == ["15106", "8001"]
