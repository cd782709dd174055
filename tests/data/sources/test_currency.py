from dataclasses import replace
from datetime import date

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from mmm.data.findings import FindingLog, Severity
from mmm.data.sources.assemble import answer_recipe, assemble
from mmm.data.sources.rates import RateTable, read_rates
from mmm.data.sources.recognise import recognise
from mmm.data.sources.source import Layout, Source
from tests.data.sources.files import days, file, numbers, total
from tests.data.sources.test_assemble import codes, meta

RATES = file({"date": ["2024-01-01", "2024-01-15"], "currency": ["USD", "USD"], "rate": [0.5, 0.75]}, "rates.csv")


def euro_sales(n: int = 4, name: str = "sales (EUR)"):
    return file({"week": days(n, step=7), name: [1000 + i for i in range(n)]})


def said(assembly, code):
    return [finding.message for finding in assembly.findings if finding.code == code]


class TestRates:
    def read(self, table) -> RateTable:
        source = recognise(table)
        assert source.layout is Layout.RATES
        return read_rates(table, source, 0, FindingLog())

    def factor(self, table, code="USD", target="EUR", day="2024-02-01"):
        return float(self.read(table).factor(code, target, np.array([day], dtype="datetime64[D]"))[0])

    def test_a_rate_holds_from_its_day_until_the_next(self):
        found = self.read(RATES).factor(
            "USD", "EUR", np.array(["2023-12-31", "2024-01-01", "2024-01-14", "2024-01-15", "2025-01-01"], "M8[D]")
        )
        assert found.tolist() == pytest.approx([np.nan, 0.5, 0.5, 0.75, 0.75], nan_ok=True)

    def test_a_column_for_each_currency(self):
        assert self.factor(file({"date": days(3), "USD": [0.5] * 3, "GBP": [1.2] * 3})) == 0.5

    def test_pairs_in_headings(self):
        assert self.factor(file({"date": days(3), "USD/EUR": [0.5] * 3})) == 0.5

    def test_from_and_to_are_followed_whichever_way_round(self):
        table = file({"date": days(3), "from": ["EUR"] * 3, "to": ["USD"] * 3, "rate": [2.0] * 3})
        assert self.factor(table) == 0.5

    def test_a_third_currency_leads_from_one_to_the_other(self):
        cells = {"from": ["USD", "EUR"], "to": ["GBP", "GBP"], "rate": [0.8, 1.6]}
        assert self.factor(file({"date": ["2024-01-01", "2024-01-01"], **cells})) == 0.5

    def test_a_rate_that_is_none_is_refused_with_its_row(self):
        noted = FindingLog()
        table = file({"date": days(2), "currency": ["USD", "USD"], "rate": ["0.5", "-1"]}, "rates.csv")
        read_rates(table, Source("rates.csv", Layout.RATES, date="date", label="rates"), 0, noted)
        assert "row 3" in noted.findings()[0].message


def test_amounts_are_converted_at_the_rate_of_their_day():
    assembly = assemble([euro_sales(), meta(28, spend="10.00"), RATES])
    assert assembly.recipe.currency == "EUR"
    assert numbers(assembly.table, "Meta spend") == [35, 35, 52.5, 52.5]
    assert "Meta Ads, “Amount spent (USD)”: USD 280.00 → EUR 175.00" in said(assembly, "converted")[0]
    assert assembly.totals[1]["Amount spent (USD) (USD)"] == 280
    assert "Amount spent (USD)" not in assembly.totals[1]


def test_without_rates_one_refusal_names_the_currencies_and_what_to_upload():
    assembly = assemble([euro_sales(), meta(28)])
    refused = [finding for finding in assembly.findings if finding.severity is Severity.REFUSE]
    assert [finding.code for finding in refused] == ["no_rates"]
    assert "EUR and USD" in refused[0].message
    assert "columns date, currency and rate" in refused[0].message
    assert assembly.table is None


def test_a_row_before_the_first_rate_is_refused_with_its_date():
    late = file({"date": ["2024-01-08"], "currency": ["USD"], "rate": [0.5]}, "rates.csv")
    (message,) = said(assemble([euro_sales(), meta(28), late]), "rate_too_late")
    assert "row 2 is dated 2024-01-01, before the first rate of USD (2024-01-08)" in message


def test_a_currency_that_the_rates_do_not_know_is_refused_by_name():
    pounds = file({"date": days(2), "currency": ["GBP"] * 2, "rate": [1.2] * 2}, "rates.csv")
    (message,) = said(assemble([euro_sales(), meta(28), pounds]), "no_rate")
    assert "no way from USD to EUR" in message


def test_amounts_in_one_currency_need_no_rates():
    assembly = assemble([euro_sales(name="sales (USD)"), meta(28)])
    assert assembly.recipe.currency == "USD"
    assert "converted" not in codes(assembly)


def test_the_target_a_person_chose_counts():
    files = [euro_sales(name="sales"), meta(28, spend="10.00"), RATES]
    first = assemble(files)
    assert first.recipe.currency == "USD"
    chosen = assemble(files, replace(first.recipe, currency="EUR"))
    (question,) = chosen.questions
    assert (question.code, question.options) == ("currency:0", ("EUR", "USD"))
    assert total(assemble(files, answer_recipe(chosen.recipe, question, "EUR")).table, "Meta spend") == 175


def market_table():
    cells = {"week": days(3, step=7) * 2, "market": ["DE"] * 3 + ["US"] * 3, "currency": ["EUR"] * 3 + ["USD"] * 3}
    return file({**cells, "sales": [100] * 6, "tv_spend": [10] * 6, "orders": [7] * 6})


def test_each_market_with_its_own_currency_is_converted_row_by_row():
    assembly = assemble([market_table(), RATES])
    assert assembly.recipe.currency == "EUR"
    assert numbers(assembly.table, "sales") == [100, 100, 100, 50, 50, 75]
    assert numbers(assembly.table, "tv_spend")[3:] == [5, 5, 7.5]
    assert numbers(assembly.table, "orders") == [7] * 6
    assert assembly.table.frame.index.tolist() == market_table().frame.index.tolist()


def test_headings_in_several_currencies_are_converted_and_renamed():
    mixed = file({"week": days(3, step=7), "sales_eur": [9] * 3, "tv_eur": [1] * 3, "meta_usd": [10] * 3})
    table = assemble([mixed, RATES]).table
    assert table.columns == ("week", "sales_eur", "tv_eur", "meta_eur")
    assert numbers(table, "meta_eur") == [5, 5, 7.5]


def test_headings_in_several_currencies_without_rates_are_asked_about():
    mixed = file({"week": days(3, step=7), "sales_eur": [90] * 3, "tv_eur": [1] * 3, "meta_usd": [10] * 3})
    assembly = assemble([mixed])
    (question,) = assembly.questions
    assert (question.code, question.options) == ("currency:0", ("EUR", "USD"))
    again = assemble([mixed], answer_recipe(assembly.recipe, question, "EUR"))
    assert again.table is mixed


def test_old_rates_are_said():
    assert any(code.startswith("old_rate") for code in codes(assemble([euro_sales(30), meta(210), RATES])))


def test_a_code_that_is_none_is_refused():
    table = market_table()
    table.frame["currency"] = table.frame["currency"].replace("USD", "DOLLAR")
    assert "currency_code" in codes(assemble([table, RATES]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.decimals(0, 10**7, places=2), min_size=3, max_size=30))
def test_a_rate_of_one_changes_nothing(amounts):
    cells = {"week": days(len(amounts), step=7), "sales (EUR)": amounts, "tv spend (USD)": amounts}
    ones = file({"date": [date(2023, 1, 1)] * 2, "currency": ["USD", "GBP"], "rate": [1, 1]}, "rates.csv")
    table = assemble([file(cells), ones]).table
    spend = next(name for name in table.columns if name.startswith("tv spend"))
    assert numbers(table, spend) == [float(amount) for amount in amounts]
