from datetime import date

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from mmm.data.build import build_panel
from mmm.data.findings import Severity
from mmm.data.mapping import guess_mapping
from tests.data.sources.files import codes, days, file, joined, message, numbers, rows, series_of, total

WEEKS = days(10, step=7)


def sales(n: int = 10, first: date = WEEKS[0]):
    return series_of(file({"week": days(n, first, 7), "sales": [1000 + i for i in range(n)]}))


def test_days_of_spend_are_added_up_to_the_weeks_of_sales():
    meta = rows(file({"Day": days(70), "Meta spend": [1.1] * 70}, "meta.csv"), 1)
    result, noted = joined(sales(), meta)
    assert numbers(result.table, "Meta spend") == [7.7] * 10
    assert result.table.columns == ("week", "sales", "Meta spend")
    assert result.table.frame["week"].tolist() == [day.isoformat() for day in WEEKS]
    assert result.made_of == {"week": (0, 1), "sales": (0,), "Meta spend": (1,)}
    assert noted.findings() == ()


def test_rows_are_numbered_from_one():
    result, _ = joined(sales())
    assert result.table.frame.index.tolist() == list(range(1, 11))
    assert result.table.first_row == 1


def test_daily_sales_and_spend_stay_daily():
    spend = rows(file({"Day": days(30), "TV spend": range(30)}, "tv.csv"), 1)
    daily = series_of(file({"date": days(30), "sales": range(30)}))
    result, _ = joined(daily, spend)
    assert len(result.table.frame) == 30
    assert numbers(result.table, "TV spend") == list(range(30))


def test_a_day_without_rows_inside_an_exports_span_is_a_day_without_spend():
    some = [day for day in days(30) if day.day not in (9, 10)]
    spend = rows(file({"Day": some, "TV spend": [5] * 28}, "tv.csv"), 1)
    result, _ = joined(series_of(file({"date": days(30), "sales": range(30)})), spend)
    assert numbers(result.table, "TV spend")[7:11] == [5, 0, 0, 5]


def test_what_lies_outside_a_sources_span_is_empty_and_said():
    meta = rows(file({"Day": days(42), "Meta spend": [1] * 42}, "meta.csv"), 1, label="Meta")
    result, noted = joined(sales(), meta)
    assert numbers(result.table, "Meta spend") == [7] * 6 + [None] * 4
    assert message(noted, "ends_early") == (
        "Meta ends 11 Feb 2024, sales goes on to 10 Mar 2024; the cells between are empty."
    )


def test_partial_weeks_are_dropped_and_said_with_their_amounts():
    meta = rows(file({"Day": days(60, date(2024, 1, 3)), "Meta spend": [10.01] * 60}, "meta.csv"), 1, label="Meta")
    result, noted = joined(sales(), meta)
    told = [finding.message for finding in noted.findings() if finding.code == "partial_week"]
    why = "not a whole week (Monday to Sunday), so what it has there was left out"
    assert told == [
        f"Meta, 2024-01-03 to 2024-01-07: {why} (Meta spend 50.05).",
        f"Meta, 2024-02-26 to 2024-03-02: {why} (Meta spend 60.06).",
    ]
    assert result.dropped[1]["Meta spend"] == pytest.approx(110.11)
    assert total(result.table, "Meta spend") + result.dropped[1]["Meta spend"] == pytest.approx(600.60)


def test_weekdays_that_never_have_a_row_do_not_make_a_week_partial():
    open_days = [day for day in days(70) if day.weekday() < 5]
    meta = rows(file({"Day": open_days, "Meta spend": [1] * 50}, "meta.csv"), 1)
    result, noted = joined(sales(), meta)
    assert numbers(result.table, "Meta spend") == [5] * 10
    assert "partial_week" not in codes(noted)


def test_prices_are_averaged_and_spend_is_added_up():
    daily = file({"date": days(70), "tv_spend": [1] * 70, "price": [2, 4] * 35, "promo": [0, 1] * 35}, "other.csv")
    result, _ = joined(sales(), series_of(daily, 1))
    assert numbers(result.table, "tv_spend") == [7] * 10
    assert numbers(result.table, "price")[0] == pytest.approx(2 * 4 / 7 + 4 * 3 / 7, abs=1e-6)
    assert numbers(result.table, "promo")[0] == pytest.approx(3 / 7, abs=1e-6)


def test_one_name_in_two_sources_gets_each_sources_label():
    a = rows(file({"Day": days(70), "spend": [1] * 70}, "meta.csv"), 1)
    b = rows(file({"Day": days(70), "spend": [2] * 70}, "tiktok.csv"), 2)
    result, _ = joined(sales(), a, b)
    assert result.table.columns == ("week", "sales", "spend (meta)", "spend (tiktok)")


def test_weeks_that_start_on_another_weekday_are_moved_to_the_nearest_and_said():
    spend = rows(
        file({"Week": days(10, date(2023, 12, 31), 7), "TV spend": range(10)}, "tv.csv"), 1, dated_at_end=False
    )
    result, noted = joined(sales(), spend)
    assert numbers(result.table, "TV spend") == list(range(10))
    assert "start on a Sunday, the table's on a Monday" in message(noted, "week_start")


def test_a_week_dated_on_its_last_day_is_the_week_before_that_date():
    spend = rows(file({"Week": days(10, date(2024, 1, 7), 7), "TV spend": range(10)}, "tv.csv"), 1, dated_at_end=True)
    result, noted = joined(sales(), spend)
    assert numbers(result.table, "TV spend") == list(range(10))
    assert noted.findings() == ()


class TestLongerPeriods:
    MONTHS = ("2024-01", "2024-02", "2024-03")

    def monthly(self, **columns):
        return series_of(file({"month": self.MONTHS, **columns}, "macro.csv"), 1)

    def test_an_index_carries_over_the_weeks_of_its_month_and_that_is_said(self):
        result, noted = joined(sales(), self.monthly(price_index=[100, 110, 120]))
        assert numbers(result.table, "price_index") == [100] * 4 + [110] * 5 + [120]
        assert "each week carries the value of the month it lies in" in message(noted, "fill")

    def test_an_index_can_run_straight(self):
        result, _ = joined(sales(), self.monthly(price_index=[100, 110, 120]), fill={"price_index": "line"})
        series = numbers(result.table, "price_index")
        assert series == sorted(series)
        assert 100 < series[3] < 110

    def test_quarters_are_read_from_their_labels(self):
        macro = series_of(file({"quarter": ["2023-Q4", "Q1 2024", "2024-Q2"], "gdp": [1, 2, 3]}, "macro.csv"), 1)
        result, noted = joined(sales(), macro)
        assert numbers(result.table, "gdp") == [2] * 10
        assert "quarter" in message(noted, "fill")

    def test_an_amount_a_month_beside_weekly_sales_is_asked_about(self):
        result, noted = joined(sales(), self.monthly(tv_spend=[310, 290, 310]))
        assert result is None
        (question,) = noted.questions
        assert (question.code, question.options, question.mapping_field) == (
            "fill:tv_spend",
            ("share", "omit"),
            "fill.tv_spend",
        )

    def test_a_shared_amount_keeps_its_sum_but_for_what_is_said_to_be_dropped(self):
        tv = series_of(file({"month": ["2024-02", "2024-03", "2024-04"], "tv_spend": [290, 310, 300]}, "tv.csv"), 1)
        result, noted = joined(sales(), tv, fill={"tv_spend": "share"})
        assert total(result.table, "tv_spend") + result.dropped[1]["tv_spend"] == pytest.approx(900, abs=0.005)
        assert numbers(result.table, "tv_spend")[5:7] == [70, 70]
        assert "divided evenly over the days" in message(noted, "fill")

    def test_a_column_can_be_left_out(self):
        result, _ = joined(sales(), self.monthly(tv_spend=[310, 290, 310], gdp=[1, 2, 3]), fill={"tv_spend": "omit"})
        assert "tv_spend" not in result.table.columns
        assert "gdp" in result.table.columns

    def test_days_of_spend_beside_monthly_sales_are_added_up_to_months(self):
        monthly = series_of(file({"month": self.MONTHS, "sales": [1, 2, 3]}))
        result, _ = joined(monthly, rows(file({"Day": days(91), "TV spend": [1] * 91}, "tv.csv"), 1))
        assert numbers(result.table, "TV spend") == [31, 29, 31]


class TestMarkets:
    def by_market(self, n=10, **columns):
        table = {"week": WEEKS * 2, "market": ["DE"] * 10 + ["FR"] * 10, **columns}
        return file(table)

    def test_markets_meet_whatever_the_case_of_their_names(self):
        spend = file(
            {"week": WEEKS * 2, "country": ["fr"] * 10 + ["de"] * 10, "tv_spend": [2] * 10 + [1] * 10}, "tv.csv"
        )
        result, _ = joined(series_of(self.by_market(sales=range(20))), series_of(spend, 1))
        assert result.table.columns[:2] == ("week", "market")
        assert numbers(result.table, "tv_spend") == [1] * 10 + [2] * 10

    def test_a_national_index_is_put_in_every_market(self):
        macro = series_of(file({"week": WEEKS, "price_index": range(10)}, "macro.csv"), 1)
        result, _ = joined(series_of(self.by_market(sales=range(20))), macro)
        assert numbers(result.table, "price_index") == list(range(10)) * 2

    def test_national_spend_beside_sales_by_market_is_refused_with_a_way_out(self):
        tv = series_of(file({"week": WEEKS, "tv_spend": range(10)}, "tv.csv"), 1)
        result, noted = joined(series_of(self.by_market(sales=range(20))), tv)
        assert result is None
        assert "upload tv by market, or sales added up over all markets" in message(noted, "national_amounts")

    def test_spend_by_market_beside_national_sales_is_added_up_and_said(self):
        tv = series_of(self.by_market(tv_spend=[1] * 10 + [2] * 10), 1, label="tv")
        result, noted = joined(sales(), tv)
        assert numbers(result.table, "tv_spend") == [3] * 10
        assert "2 markets" in message(noted, "over_markets")

    def test_a_market_that_a_source_never_names_is_empty_there(self):
        spend = file({"week": WEEKS, "market": ["DE"] * 10, "tv_spend": [1] * 10}, "tv.csv")
        result, _ = joined(series_of(self.by_market(sales=range(20))), series_of(spend, 1, market="market"))
        assert numbers(result.table, "tv_spend") == [1] * 10 + [None] * 10


class TestEmptyCells:
    def daily(self, **source):
        spend = ["1"] * 70
        spend[3] = ""
        return series_of(file({"date": days(70), "tv_spend": spend}, "tv.csv"), 1, **source)

    def test_an_empty_day_among_those_added_up_is_asked_about(self):
        result, noted = joined(sales(), self.daily())
        assert result is None
        assert noted.questions[0].mapping_field == "sources.1.missing"
        assert "first “tv_spend” of 2024-01-04" in noted.questions[0].message

    def test_nothing_counts_as_zero(self):
        result, _ = joined(sales(), self.daily(missing="zero"))
        assert numbers(result.table, "tv_spend")[:2] == [6, 7]

    def test_an_unknown_day_makes_its_week_unknown_and_its_amounts_are_said(self):
        result, noted = joined(sales(), self.daily(missing="unknown"))
        assert numbers(result.table, "tv_spend")[:2] == [None, 7]
        assert "days are missing" in message(noted, "partial_week")
        assert result.dropped[1] == {"tv_spend": 6}


def test_two_rows_for_one_week_are_asked_about():
    twice = series_of(file({"week": [*WEEKS, WEEKS[0]], "sales": range(11)}), duplicates="last")
    result, _ = joined(twice)
    assert numbers(result.table, "sales")[0] == 10


def test_a_text_among_numbers_is_refused_with_its_file_and_row():
    from mmm.data.findings import FindingLog

    noted = FindingLog()
    series_of(file({"week": WEEKS, "sales": [*range(9), "many"]}), 0, noted)
    (finding,) = noted.findings()
    assert finding.severity is Severity.REFUSE
    assert finding.message.startswith("sales, row 11, column “sales”: “many” is not a number")


def test_the_joined_table_becomes_a_panel():
    n = 30
    weekly = sales(n)
    spend = rows(file({"Day": days(7 * n), "TV spend": [1.37] * 7 * n}, "tv.csv"), 1)
    result, _ = joined(weekly, spend)
    built = build_panel(result.table, guess_mapping(result.table))
    assert built.panel.n_periods == n
    assert built.panel.spend.sum() == pytest.approx(1.37 * 7 * n)


cents = st.integers(min_value=0, max_value=10**9)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(cents, min_size=9, max_size=150),
    st.integers(min_value=0, max_value=20),
    st.integers(min_value=2, max_value=12),
    st.sets(st.integers(min_value=1, max_value=7)),
)
def test_every_source_keeps_its_sum_to_the_cent_but_for_what_is_said(amounts, offset, weeks, absent):
    there = [day for i, day in enumerate(days(len(amounts), days(1 + offset)[-1])) if i not in absent]
    kept = [amounts[i] for i in range(len(amounts)) if i not in absent]
    spend = rows(file({"Day": there, "TV spend": [f"{cent / 100:.2f}" for cent in kept]}, "tv.csv"), 1)
    result, _ = joined(sales(weeks), spend)
    dropped = result.dropped[1].get("TV spend", 0.0)
    found = total(result.table, "TV spend") if "TV spend" in result.table.columns else 0.0
    assert round(100 * (found + dropped)) == sum(kept)
    assert total(result.table, "sales") == sum(1000 + i for i in range(weeks))
