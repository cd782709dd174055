"""What people take along: the same numbers, and nothing that a spreadsheet would compute."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mmm.data.guess import guess
from mmm.data.read import read_table
from mmm.errors import DataError, NotAllowedError
from mmm.services.downloads import as_csv, as_workbook
from mmm.services.exports import neutral
from mmm.services.reading import Upload, consider
from tests.services.platforms import google, meta, sales

DANGEROUS = ["=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")']


def sheet(content, at=0):
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[at]


class TestNeutral:
    @pytest.mark.parametrize("text", DANGEROUS)
    def test_what_a_spreadsheet_would_compute_is_text(self, text):
        assert neutral(text) == f"'{text}"

    @pytest.mark.parametrize("text", ["-120,00", "-1.234,50 €", "+12", "-5", "(1,234)", "--", "-", "−3", "a=b", ""])
    def test_numbers_and_words_stay_as_they_are(self, text):
        assert neutral(text) == text


class TestCells:
    @pytest.mark.parametrize("text", DANGEROUS)
    def test_a_dangerous_cell_is_no_formula_in_a_workbook(self, text):
        cell = sheet(as_workbook([("a", pd.DataFrame({"note": [text]}))])).cell(2, 1)
        assert cell.data_type == "s"
        assert cell.value.startswith("'")

    @pytest.mark.parametrize("text", DANGEROUS)
    def test_a_dangerous_cell_is_text_in_a_csv(self, text):
        table = pd.DataFrame({"note": [text], "other": ["x"]})
        back = pd.read_csv(io.BytesIO(as_csv([("a", table)])), dtype=str, keep_default_na=False, lineterminator="\n")
        assert back["note"][0].startswith("'")

    def test_a_dangerous_heading_is_text_too(self):
        table = pd.DataFrame({"=1+1": ["x"]})
        assert sheet(as_workbook([("a", table)])).cell(1, 1).value == "'=1+1"
        assert as_csv([("a", table)]).decode("utf-8-sig").startswith("'=1+1")

    def test_numbers_are_numbers_and_dates_are_dates_in_a_workbook(self):
        table = pd.DataFrame(
            {"day": pd.to_datetime(["2024-01-01"]), "spend": [-12.5], "text": ["-3.25"], "ok": [True], "id": ["007"]}
        )
        row = [cell.value for cell in sheet(as_workbook([("a", table)]))[2]]
        assert row == [pd.Timestamp("2024-01-01"), -12.5, -3.25, True, "007"]

    def test_links_stay_text(self):
        shown = sheet(as_workbook([("a", pd.DataFrame({"u": ["https://example.org"]}))])).cell(2, 1)
        assert (shown.value, shown.hyperlink) == ("https://example.org", None)

    def test_the_header_stays_in_view(self):
        assert sheet(as_workbook([("a", pd.DataFrame({"u": ["1"]}))])).freeze_panes == "A2"

    def test_a_table_longer_than_a_worksheet_is_refused(self):
        table = pd.DataFrame({"a": np.zeros(1_048_576)})
        with pytest.raises(DataError, match="Take the CSV"):
            as_workbook([("a", table)])

    def test_several_tables_are_sheets_and_a_zip_with_names_of_their_own(self):
        one = pd.DataFrame({"a": ["1"]})
        tables = [("../a/b:1.csv", one), ("A B*1.csv", one), ("a b_1.xlsx", one), ("History.csv", one), ("x" * 40, one)]
        names = openpyxl.load_workbook(io.BytesIO(as_workbook(tables))).sheetnames
        assert len({name.lower() for name in names}) == 5
        assert max(map(len, names)) <= 31
        with zipfile.ZipFile(io.BytesIO(as_csv(tables))) as archive:
            assert len(set(archive.namelist())) == 5
            assert not any("/" in name or "\\" in name or name.startswith(".") for name in archive.namelist())


@pytest.fixture
def version(services, person):
    """A German file with a credit and with cells that a spreadsheet would compute."""
    head, *lines = sales(weeks=40).decode("cp1252").split("\r\n")
    spend = ["-120,00" if at == 4 else f"{at * 10},50" for at in range(40)]
    rows = [f"{line};{tv};=1+1" for line, tv in zip(lines, spend, strict=True)]
    content = "\r\n".join([f"{head};TV Ausgaben;Notiz", *rows]).encode("cp1252")
    analyst = person("analyst")
    reading = services.desk.read(analyst, name="a.csv", content=content)
    draft = services.desk.draft(analyst, reading, reading.guess, {"negative_spend": "credit"})
    return services.desk.store(analyst, reading, draft.mapping, name="Shop").version


class TestOfAVersion:
    @pytest.mark.parametrize("fmt", ["csv", "xlsx"])
    def test_the_cleaned_table_reads_back_as_the_same_panel(self, services, person, version, fmt):
        analyst = person("analyst")
        content = services.datasets.download(analyst, version.id, "cleaned", fmt)
        raw = read_table(f"cleaned.{fmt}", content)
        mapping = services.datasets.mapping(analyst, version.id)
        back = consider(raw, mapping, {}).result.panel
        panel = services.datasets.panel(analyst, version.id)
        np.testing.assert_array_equal(back.kpi, panel.kpi)
        np.testing.assert_array_equal(back.spend, panel.spend)
        np.testing.assert_array_equal(back.periods, panel.periods)

    def test_a_negative_amount_is_as_it_was_read(self, services, person, version):
        content = services.datasets.download(person("analyst"), version.id, "read", "csv")
        raw = read_table("read.csv", content)
        assert raw.frame["TV Ausgaben"].iloc[4] == "-120,00"
        assert set(raw.frame["Notiz"]) == {"'=1+1"}
        assert guess(raw).kpi == "Umsatz"

    @pytest.mark.parametrize(("fmt", "part"), [("csv", "google.csv"), ("xlsx", "xl/worksheets/sheet3.xml")])
    def test_several_files_come_back_as_several(self, services, person, fmt, part):
        analyst = person("analyst")
        files = (
            Upload("google.csv", google()),
            Upload("meta.csv", meta()),
            Upload("sales.csv", sales()),
        )
        reading = services.desk.read_files(analyst, files)
        stored = services.desk.store(analyst, reading, reading.guess, name="Several")
        content = services.datasets.download(analyst, stored.version.id, "read", fmt)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert part in archive.namelist()

    def test_every_download_is_written_down(self, services, person, version, events):
        services.datasets.download(person("analyst"), version.id, "cleaned", "xlsx")
        (event,) = events("export")
        assert event.object_id == version.id
        assert (event.details["what"], event.details["format"]) == ("cleaned", "xlsx")

    @pytest.mark.parametrize("who", ["manager", "engineer", "executive"])
    def test_it_takes_the_right_to_see_data_and_the_right_to_export(self, services, person, version, who):
        with pytest.raises(NotAllowedError):
            services.datasets.download(person(who), version.id, "cleaned", "csv")
