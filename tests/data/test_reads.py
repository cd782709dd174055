"""Small files in the shapes that people's tools write; each is read as a person would read it."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date, timedelta

import openpyxl
import pytest

from mmm.data.build import build_panel
from mmm.data.dates import dated_at_end, parse_date
from mmm.data.findings import Severity
from mmm.data.inspect import inspect_files
from mmm.data.mapping import guess_mapping
from mmm.data.read import read_table
from mmm.errors import DataError
from tests.data.tables import FIRST, table

DAYS = [FIRST + timedelta(7 * i) for i in range(24)]
SALES = [f"{1000 + i}.25" for i in range(24)]
TV = [str(100 + i) for i in range(24)]


def rows(day=str, sales=SALES, tv=TV, heading="date"):
    cells = [[heading, "sales", "tv_spend"]]
    return cells + [[day(d), s, t] for d, s, t in zip(DAYS, sales, tv, strict=True)]


def text(cells, delimiter=",", end="\n"):
    return end.join(delimiter.join(f'"{c}"' if delimiter in c else c for c in row) for row in cells) + end


def panel_of(content: bytes | str, name="a.csv"):
    raw = read_table(name, content.encode() if isinstance(content, str) else content)
    result = build_panel(raw, guess_mapping(raw))
    assert result.panel is not None, (result.findings, result.questions)
    return result


def assert_as_written(result):
    assert result.panel.kpi[0].tolist() == [float(cell) for cell in SALES]
    assert result.panel.spend[0, :, 0].tolist() == [float(cell) for cell in TV]
    assert result.panel.periods.astype(object).tolist() == DAYS


def codes(result):
    return [finding.code for finding in result.findings]


def book(cells, *, sheet="Data", change=None) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = sheet
    for row in cells:
        made.active.append(row)
    if change is not None:
        change(made)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def typed(n=24):
    return [["date", "sales", "tv_spend"]] + [[DAYS[i], 1000.25 + i, 100 + i] for i in range(n)]


@pytest.mark.parametrize(
    "day",
    [
        lambda d: d.strftime("%Y/%m/%d"),
        lambda d: d.strftime("%d.%m.%Y"),
        lambda d: d.strftime("%d-%b-%y"),
        lambda d: d.strftime("%A, %B %d, %Y"),
        lambda d: "Mo., " + d.strftime("%d.%m.%Y"),
        lambda d: f"{d}T23:30:00-05:00",
        lambda d: f"{d} 23:30:00 UTC",
        lambda d: f"{d} 23:30:00.000 America/New_York",
        lambda d: f"{d}T00:00:00.000Z",
        lambda d: f"{d} 11:30 PM CET",
        lambda d: f"{d.isocalendar()[0]}-W{d.isocalendar()[1]:02d}",
        lambda d: f"KW {d.isocalendar()[1]}/{d.isocalendar()[0]}",
        lambda d: f"Week {d.isocalendar()[1]}, {d.isocalendar()[0]}",
        lambda d: f"{d} - {d + timedelta(6)}",
        lambda d: f"{d}/{d + timedelta(6)}",
        lambda d: f"{d:%d.%m.%Y} bis {d + timedelta(6):%d.%m.%Y}",
        lambda d: f"{d:%b %d, %Y} – {d + timedelta(6):%b %d, %Y}",
        lambda d: str((d - date(1899, 12, 30)).days),
    ],
)
def test_dates_are_read_in_every_style(day):
    assert_as_written(panel_of(text(rows(day), "\t")))


@pytest.mark.parametrize("label", ["%b %Y", "%Y-%m", "%B %Y", "%m/%Y", "%b-%y"])
def test_months_are_read_by_their_label(label):
    days = [date(2020 + i // 12, 1 + i % 12, 1) for i in range(24)]
    cells = [["month", "sales", "tv_spend"], *([d.strftime(label), "5", "2"] for d in days)]
    assert panel_of(text(cells, ";")).panel.periods.astype(object).tolist() == days


def test_a_german_month_is_a_month():
    assert parse_date("März 2024") == date(2024, 3, 1)


def test_weeks_that_are_dated_by_their_end_start_six_days_before():
    result = panel_of(text(rows(lambda d: str(d + timedelta(6)), heading="Week Ending")))
    assert_as_written(result)
    assert codes(result) == ["week_ending"]


@pytest.mark.parametrize("heading", ["week_ending", "WeekEnding", "Week end date", "W/E", "Woche bis"])
def test_a_heading_may_say_that_weeks_are_dated_by_their_end(heading):
    assert dated_at_end(heading)


@pytest.mark.parametrize("heading", ["week", "Week start", "weekend_flag", "date", "Wednesday"])
def test_other_headings_do_not(heading):
    assert not dated_at_end(heading)


@pytest.mark.parametrize(
    "write",
    [
        lambda v: f"{v:,.2f}",
        lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,")) + " €",
        lambda v: f"{v:,.2f}".replace(",", "\u00a0").replace(".", ","),
        lambda v: f"{v:,.2f}".replace(",", "\u2007").replace(".", ","),
        lambda v: f"{v:,.2f}".replace(",", "'"),
        lambda v: f"${v:,.2f}",
        lambda v: f"EUR {v:.2f}",
        lambda v: f"{v:.2f} USD",
        lambda v: f"{v:.6e}",
        lambda v: f"({-v:.2f})" if v < 0 else f"{v:.2f}",
        lambda v: f"+{v:.2f}",
        lambda v: f"{100 * v:.2f}%",
        lambda v: f"{100 * v:.2f} %".replace(".", ","),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_amounts_are_read_in_every_style(write, delimiter):
    result = panel_of(text(rows(sales=[write(float(cell)) for cell in SALES]), delimiter))
    assert result.panel.kpi[0] == pytest.approx([float(cell) for cell in SALES], rel=1e-12)


@pytest.mark.parametrize(
    ("cell", "value"), [("(1,234.5)", -1234.5), ("1,234.5-", -1234.5), ("-$5", -5), ("1.2e3", 1200)]
)
def test_signs_stand_where_people_put_them(cell, value):
    result = panel_of(text(rows(sales=[cell, *SALES[1:]]), "\t"))
    assert result.panel.kpi[0, 0] == value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_line_ends_and_encodings_are_told_from_the_bytes(end, encoding):
    cells = rows()
    cells[0][1] = "Umsätze"
    assert_as_written(panel_of(text(cells, ";", end).encode(encoding)))


def test_a_mark_of_the_byte_order_is_no_part_of_the_text():
    content = b"\xfe\xff" + text(rows()).encode("utf-16-be")
    assert_as_written(panel_of(content))


def test_a_first_line_may_name_the_delimiter():
    assert_as_written(panel_of("sep=;\r" + text(rows(), ";", "\r")))


def test_nul_bytes_are_left_out_and_said():
    content = text(rows()).encode()
    result = panel_of(content[:40] + b"\0" + content[40:])
    assert_as_written(result)
    assert codes(result) == ["nul_bytes"]


def test_a_very_long_cell_is_read():
    cells = [[*row, "x" * 300_000 if i == 3 else "y"] for i, row in enumerate(rows())]
    cells[0][3] = "note"
    assert_as_written(panel_of(text(cells)))


@pytest.mark.parametrize(
    "label",
    ["Total", "Grand Total", "Summe", "TOTAL:", "Total: Account", "Gesamtergebnis", "Subtotal", "Zwischensumme"],
)
@pytest.mark.parametrize("column", [0, 1])
def test_a_totals_row_is_left_out_wherever_its_label_stands(label, column):
    cells = [[d, "x", s, t] for d, s, t in rows()]
    cells[0][1] = "note"
    total = ["", "", "9999", "999"]
    total[column] = label
    result = panel_of(text([*cells[:12], total, *cells[12:], ["as of today", "", "", ""]]))
    assert_as_written(result)
    assert [(f.code, f.severity, f.row) for f in result.findings] == [
        ("total", Severity.REPAIR, 13),
        ("note", Severity.REPAIR, 27),
    ]


def test_a_market_called_total_is_left_out():
    cells = [["date", "region", "sales", "tv_spend"]]
    for d in DAYS:
        cells += [[str(d), "north", "1", "2"], [str(d), "south", "3", "4"], [str(d), "Total", "4", "6"]]
    result = panel_of(text(cells))
    assert result.panel.labels.markets == ("north", "south")
    assert result.totals["sales"] == 96
    assert [f.row for f in result.findings if f.code == "total"] == list(range(4, 76, 3))


def test_a_market_whose_name_begins_with_total_stays():
    cells = [["region", "date", "sales", "tv_spend"]]
    cells += [[region, str(d), "15", "2"] for region in ("North", "Total Wine") for d in DAYS]
    assert panel_of(text(cells)).panel.labels.markets == ("North", "Total Wine")


def test_names_below_groups_are_joined():
    names = [["", "", "Spend", "", "Impressions", ""], ["date", "sales", "TV", "Radio", "TV", "Radio"]]
    cells = [[str(d), "10", "1", "2", "30", "40"] for d in DAYS]
    result = panel_of(text(names + cells))
    assert sorted(result.totals) == ["Radio Impressions", "Radio Spend", "TV Impressions", "TV Spend", "sales"]
    assert result.panel.labels.channels == ("TV", "Radio")


def test_periods_in_columns_are_refused_with_what_to_do():
    with pytest.raises(DataError, match="Transpose the table"):
        read_table("a.csv", b"channel,2024-01,2024-02,2024-03,2024-04\nTV,1,2,3,4\nRadio,5,6,7,8\n")


class TestWorkbook:
    def test_typed_cells_are_read_as_they_are(self):
        assert_as_written(panel_of(book(typed()), "a.xlsx"))

    def test_merged_titles_and_totals_are_left_out(self):
        cells = [["Weekly report"], [], *typed(), ["Total", 24_282.0, 2676]]
        result = panel_of(book(cells, change=lambda made: made.active.merge_cells("A1:C1")), "a.xlsx")
        assert_as_written(result)
        assert codes(result) == ["preamble", "total"]

    def test_hidden_rows_are_read_and_said(self):
        def hide(made):
            made.active.row_dimensions[5].hidden = True
            made.active.row_dimensions[9].hidden = True

        result = panel_of(book(typed(), change=hide), "a.xlsx")
        assert_as_written(result)
        assert [(f.code, f.severity, f.row) for f in result.findings] == [("hidden_rows", Severity.INFO, 5)]
        assert "row 5, 9" in result.findings[0].message

    @pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"])
    def test_a_failed_formula_is_no_value(self, error):
        cells = typed()
        cells[6][1] = error
        result = panel_of(book(cells), "a.xlsx")
        assert not result.panel.observed[0, 5]
        assert [f.row for f in result.findings if f.code == "filled"] == [7]
        if error != "#N/A":
            assert [(f.row, f.column) for f in result.findings if f.code == "error_cell"] == [(7, "sales")]

    def test_the_table_is_looked_for_behind_a_cover_sheet(self):
        def cover(made):
            sheet = made.create_sheet("Cover", 0)
            sheet.append(["Report"])
            sheet.append(["by", "us"])
            sheet.append(["for", "you"])

        assert_as_written(panel_of(book(typed(), change=cover), "a.xlsx"))

    def test_dates_count_from_1904_where_the_workbook_says_so(self):
        from openpyxl.utils.datetime import CALENDAR_MAC_1904

        def mac(made):
            made.epoch = CALENDAR_MAC_1904

        assert_as_written(panel_of(book(typed(), change=mac), "a.xlsx"))
        cells = [[(row[0] - date(1904, 1, 1)).days if i else "date", *row[1:]] for i, row in enumerate(typed())]
        assert_as_written(panel_of(book(cells, change=mac), "a.xlsx"))

    def test_a_part_that_lies_about_its_size_is_refused(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<a/>")
            archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2**24)
        content = bytearray(buffer.getvalue())
        at = content.rindex(b"PK\x01\x02")
        struct.pack_into("<I", content, at + 24, 10)
        with pytest.raises(DataError, match="damaged"):
            read_table("a.xlsx", bytes(content))


def test_an_ad_report_without_days_is_refused_with_the_segment_to_add():
    found = inspect_files([("report.csv", b"Campaign,Impressions,Clicks,Cost\nA,100,5,10\nB,300,6,20\n")])
    assert found.verdict == "refuse"
    assert any("Segment › Time › Day" in remark.finding.message for remark in found.remarks)


def test_a_mail_address_in_a_cell_is_not_repeated():
    found = inspect_files([("a.csv", table(change={3: {"sales": "ada@example.org"}}).encode())])
    assert found.verdict == "refuse"
    assert all("ada@" not in remark.finding.message for remark in found.remarks)
