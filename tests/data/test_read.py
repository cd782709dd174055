import io
import zipfile
from datetime import date, timedelta

import openpyxl
import pytest

from mmm.data import read as reading
from mmm.data.findings import Severity
from mmm.data.read import read_table
from mmm.errors import DataError

GERMAN = "Datum;Umsatz größer;TV Kosten\n" + "".join(f"{d:02d}.01.2024;1.234,50;{d},5\n" for d in range(1, 29))


def codes(raw):
    return [finding.code for finding in raw.findings]


def zipped(**members: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def workbook(rows, title="Data") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Notes"
    sheet.append(["Numbers of the year"])
    data = book.create_sheet(title)
    for row in rows:
        data.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_encoding_and_delimiter_are_told_from_the_bytes(encoding, delimiter):
    raw = read_table("a.csv", GERMAN.replace(";", delimiter).encode(encoding))
    assert raw.columns == ("Datum", "Umsatz größer", "TV Kosten")
    assert (raw.dialect.delimiter, raw.dialect.decimal, raw.dialect.date_order) == (delimiter, ",", "dmy")
    assert raw.frame.shape == (28, 3)


def test_cells_stay_as_written_and_rows_keep_their_number():
    raw = read_table("a.csv", b"\n\ndate,sales,tv\n\n2024-01-01, 1 ,2\n\n\n2024-01-08,NULL,4\n\n")
    assert raw.first_row == 5
    assert raw.frame.index.tolist() == [5, 8]
    assert raw.frame["sales"].tolist() == [" 1 ", "NULL"]
    assert "blank_rows" in codes(raw)


def test_rows_after_a_cell_with_a_line_break_keep_their_line():
    raw = read_table("a.csv", b'date,note,tv\n2024-01-01,"two\nlines",1\n2024-01-08,x,2\n')
    assert raw.frame.index.tolist() == [2, 4]


def test_a_title_and_totals_are_left_out_and_said():
    text = 'Campaign report\n"March 2, 2026 - March 9, 2026"\nDay,Campaign,Cost\n'
    text += '2026-03-02,Total Wine,"1,234.50"\n2026-03-03,A,2\nTotal: Account,--,"1,236.50"\n'
    raw = read_table("a.csv", text.encode())
    assert raw.frame.index.tolist() == [4, 5]
    assert [(f.code, f.row) for f in raw.findings] == [("preamble", 1), ("total", 6)]


def test_a_row_with_too_many_cells_is_refused_by_its_number():
    raw = read_table("a.csv", b"date,sales,tv\n2024-01-01,1,2\n2024-01-08,1,5,6\n")
    assert [(f.code, f.severity, f.row) for f in raw.findings] == [("long_row", Severity.REFUSE, 3)]


def test_an_open_quotation_mark_is_refused_where_it_opens():
    raw = read_table("a.csv", b'date,sales,tv\n2024-01-01,1,2\n2024-01-08,"3,4\n2024-01-15,5,6\n')
    assert ("open_quote", Severity.REFUSE, 3) in [(f.code, f.severity, f.row) for f in raw.findings]


def test_columns_of_one_name_are_told_apart():
    raw = read_table("a.csv", b"column 5,sales,sales,,\n2024-01-01,1,2,,9\n2024-01-08,3,4,,\n")
    assert raw.columns == ("column 5", "sales", "sales (2)", "column 5 (2)")
    assert codes(raw) == ["duplicate_column"]


def test_a_workbook_is_read_from_its_first_sheet_with_a_table():
    rows = [["date", "sales", "tv"]] + [
        [date(2024, 1, 1) + timedelta(7 * i), 1000.5 + i, None if i == 1 else i] for i in range(3)
    ]
    raw = read_table("a.xlsx", workbook(rows))
    assert raw.sheets == ("Notes", "Data")
    assert (raw.dialect.kind, raw.dialect.sheet) == ("xlsx", "Data")
    assert raw.frame.iloc[1].tolist() == ["2024-01-08", "1001.5", ""]
    assert codes(raw) == ["sheet"]
    assert read_table("a.xlsx", workbook(rows), sheet="Data").findings == ()


def test_formulas_without_a_result_are_said():
    raw = read_table("a.xlsx", workbook([["date", "sales", "tv"], ["2024-01-01", "=1+1", 2], ["2024-01-08", 3, 4]]))
    assert "formula" in codes(raw)
    assert raw.frame["sales"].tolist() == ["", "3"]


def test_an_unknown_sheet_is_named_with_those_there_are():
    with pytest.raises(DataError, match="no sheet “Sales”; its sheets are Notes, Data"):
        read_table("a.xlsx", workbook([["a", "b"], [1, 2]]), sheet="Sales")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"date,sales,tv\n", "no data below row 1"),
        (b"2024-01-01,1,2\n2024-01-08,3,4\n", "no row of column names"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "an image"),
        (zipped(**{"a.txt": "hi"}), "a zip archive"),
        (zipped(**{"a.txt": "hi"})[:30], "damaged"),
        (zipped(**{"xl/workbook.xml": "<a/>"}), "cannot be read as a workbook"),
        (zipped(**{"xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "b">]><a/>'}), "was not read"),
        (bytes(range(256)) * 40, "not a text file"),
        (b"<html><body>1</body></html>", "a web page"),
        (b"sales\n1\n2\n", "one column only"),
        (b"\xff\xfea", "breaks off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",  # an archive's bytes hold the time
)
def test_what_is_no_table_is_refused_in_a_sentence(content, says):
    with pytest.raises(DataError, match=says):
        read_table("a.csv", content)


def test_a_workbook_that_unpacks_too_large_is_refused_before_unpacking():
    bomb = zipped(**{"xl/workbook.xml": "<a/>", "xl/worksheets/sheet1.xml": b"0" * (257 * 2**20)})
    assert len(bomb) < 2**20
    with pytest.raises(DataError, match="would unpack to 257 MB"):
        read_table("a.xlsx", bomb)


def test_a_file_past_the_limit_is_refused_with_its_size(monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 2**20)
    with pytest.raises(DataError, match="2 MB; the limit is 1 MB"):
        read_table("a.csv", b"a,b\n" * 2**19)


def test_the_hash_is_of_the_bytes_as_uploaded():
    import hashlib

    content = GERMAN.encode("cp1252")
    assert read_table("a.csv", content).sha256 == hashlib.sha256(content).hexdigest()
