"""Files inspected from a terminal: a verdict, the totals, and never a crash."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from mmm.cli import app
from mmm.data.inspect import inspect_files
from tests.data.tables import table


def inspected(text: str, name: str = "weeks.csv"):
    return inspect_files([(name, text.encode())])


def call(*arguments):
    return CliRunner().invoke(app, ["inspect", *map(str, arguments)])


class TestVerdict:
    def test_a_clean_table_is_accepted_with_its_totals(self):
        found = inspected(table(change={3: {"sales": "1000.10"}, 4: {"sales": "1000.20"}}))
        assert found.verdict == "accept"
        assert found.rows == 30
        assert found.columns == ("date", "sales", "tv_spend", "radio_spend")
        assert found.totals["tv_spend"] == sum(100 + i for i in range(30))
        assert found.totals["sales"] == sum(1000 + 10 * i for i in range(30) if i not in (3, 4)) + 2000.3
        assert found.remarks == ()

    def test_a_totals_row_makes_it_a_repair_that_names_the_row(self):
        found = inspected(table() + "Total,34350,3435,1560\n")
        assert found.verdict == "repair"
        assert found.totals["tv_spend"] == sum(100 + i for i in range(30))
        assert [remark.where for remark in found.remarks] == ["row 32"]

    def test_an_open_question_makes_it_ask(self):
        found = inspected(table(change={5: {"tv_spend": ""}}))
        assert found.verdict == "ask"
        assert [asked.code for asked in found.questions] == ["missing_spend"]
        assert found.rows == 30

    def test_what_is_no_table_is_refused(self):
        found = inspect_files([("a.csv", b"\x89PNG\r\n\x1a\n")])
        assert (found.verdict, found.rows, found.totals) == ("refuse", 0, {})


class TestCommand:
    def test_json_has_exactly_the_keys_it_promises(self, tmp_path):
        path = tmp_path / "weeks.csv"
        path.write_text(table(change={5: {"tv_spend": "-5"}}))
        done = call(path, "--json")
        assert done.exit_code == 0
        said = json.loads(done.stdout)
        assert set(said) == {"verdict", "rows", "columns", "totals", "findings", "questions"}
        assert set(said["findings"][0]) == {"code", "severity", "message", "where"}
        assert set(said["questions"][0]) == {"code", "message", "options"}
        assert said["findings"][0]["where"] == "row 7, column “tv_spend”"

    @pytest.mark.parametrize("content", [b"", b"date,sales,tv\n", b"PK\x03\x04", bytes(range(256)) * 9])
    def test_a_refusal_is_json_too_and_leaves_with_2(self, tmp_path, content):
        path = tmp_path / "a.csv"
        path.write_bytes(content)
        done = call(path, "--json")
        assert done.exit_code == 2
        assert json.loads(done.stdout)["verdict"] == "refuse"

    def test_a_folder_and_an_absent_file_are_refused_in_one_sentence_each(self, tmp_path):
        done = call(tmp_path, tmp_path / "absent.csv", "--json")
        assert done.exit_code == 2
        (found,) = json.loads(done.stdout)["findings"]
        assert found["message"].count("cannot be read") == 2

    def test_without_json_a_person_reads_a_summary(self, tmp_path):
        path = tmp_path / "weeks.csv"
        path.write_text(table())
        done = call(path)
        assert done.exit_code == 0
        assert done.stdout.startswith("accept: 30 rows (periods × markets), 4 columns")


class TestTotalsBesideTheirParts:
    ROWS = range(30)

    def columns(self, **extra):
        return table(extra={name: [str(cell(i)) for i in self.ROWS] for name, cell in extra.items()})

    def test_a_column_that_adds_up_all_spend_is_no_channel(self):
        found = inspected(self.columns(total_spend=lambda i: 100 + i + 50 + i % 5))
        assert found.verdict == "accept"
        assert [remark.finding.code for remark in found.remarks] == ["total_column"]

    def test_sales_online_and_in_store_are_one_total_and_not_three_series(self):
        text = self.columns(online=lambda i: 400 + 7 * (i % 4), in_store=lambda i: 600 + 10 * i - 7 * (i % 4))
        found = inspected(text)
        assert found.verdict == "accept"
        assert [remark.finding.code for remark in found.remarks] == ["reconciled"]

    def test_sales_in_two_places_without_a_total_are_asked_about(self):
        text = self.columns(store_sales=lambda i: 300 + i % 7).replace("date,sales", "date,online_sales")
        found = inspected(text)
        assert found.verdict == "ask"
        assert [(asked.code, asked.options) for asked in found.questions] == [("kpi", ("online_sales", "store_sales"))]

    def test_revenue_beside_its_orders_is_no_question(self):
        assert inspected(self.columns(orders=lambda i: 30 + i % 7)).questions == ()


def test_a_platforms_export_alone_is_a_part_of_whole_weeks():
    found = inspect_files([("meta.csv", META.encode())])
    assert (found.verdict, found.rows, found.questions) == ("repair", 4, ())
    assert {"no_own_sales", "part"} <= {remark.finding.code for remark in found.remarks}
    assert found.totals["Purchases"] == 33 * 3


def test_sales_by_market_without_spend_are_markets_by_whole_weeks():
    found = inspect_files([("geo.csv", ("date,city,sales\n" + "\n".join(SALES)).encode())])
    assert (found.verdict, found.rows, found.questions) == ("repair", 8, ())
    assert found.remarks[-1].finding.code == "part"


META = "Campaign name,Day,Amount spent (EUR),Impressions,Link clicks,Purchases\n" + "\n".join(
    f"Spring,{date(2026, 3, 2) + timedelta(days=day)},{50 + day}.00,1000,20,3" for day in range(33)
)
SALES = [
    f"{date(2026, 3, 2) + timedelta(days=day)},{city},{100 + day % 5}"
    for city in ("essen", "bonn")
    for day in range(33)
]


def test_advertising_without_sales_is_a_part_and_not_refused():
    found = inspected(
        table().replace("sales", "comment").replace(",10", ",x10").replace(",11", ",x11").replace(",12", ",x")
    )
    assert found.verdict in {"accept", "repair"}
    assert found.rows == 30
    assert found.remarks[-1].finding.code == "part"
