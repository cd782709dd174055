import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.cells import decimal_mark, is_no_value, parse_number, parse_numbers


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,234.50", ".", 1234.5),
        ("1.234,50 €", ",", 1234.5),
        ("12 000", ".", 12000.0),
        ("12\u202f000,5", ",", 12000.5),
        ("(1,234)", ".", -1234.0),
        ("5.10%", ".", 0.051),
        ("(5%)", ".", -0.05),
        ("-5 %", ".", -0.05),
        ("$ -1,234", ".", -1234.0),
        ("-$1,234.5", ".", -1234.5),
        ("1,234-", ".", -1234.0),
        ("USD 12", ".", 12.0),
        ("12 EUR", ".", 12.0),
        ("1'234.5", ".", 1234.5),
        ("−5", ".", -5.0),
        ("1e5", ".", 100000.0),
        (" 7 ", ".", 7.0),
        ("1.234", ",", 1234.0),
        ("1.234", ".", 1.234),
        (".5", ".", 0.5),
    ],
)
def test_a_number_is_read_as_people_write_it(text, decimal, value):
    assert parse_number(text, decimal) == pytest.approx(value, rel=1e-15)
    assert parse_numbers(pd.Series([text], dtype="str"), decimal).values[0] == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("12k", "."),
        ("abc", "."),
        ("1,23", "."),
        ("12.5", ","),
        ("inf", "."),
        ("0x10", "."),
        ("1_000", "."),
        ("1.2.3", "."),
        ("1,2,3", "."),
        ("--5-", "."),
        ("(-5", "."),
        ("1e999", "."),
        ("%" * 5000, "."),
        ("5%%", "."),
        ("9" * 5000, "."),
        ("1," * 5000, ","),
    ],
)
def test_text_in_a_number_is_bad_and_not_guessed_at(text, decimal):
    read = parse_numbers(pd.Series([text, "1"], dtype="str"), decimal)
    assert read.bad.tolist() == [True, False]
    assert not read.missing.any()


@pytest.mark.parametrize("text", ["", " ", "--", "-", "NULL", "null", "#N/A", "n/a", "NaN", "None", "\u200b"])
def test_words_for_no_value_are_missing_and_not_bad(text):
    read = parse_numbers(pd.Series([text], dtype="str"))
    assert is_no_value(text)
    assert read.missing.all()
    assert not read.bad.any()


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), max_size=30), st.sampled_from([".", ","]))
def test_a_column_reads_as_its_cells_do_one_by_one(cells, decimal):
    read = parse_numbers(pd.Series(cells, dtype="str"), decimal)
    for cell, value, missing, bad in zip(cells, read.values, read.missing, read.bad, strict=True):
        alone = None if is_no_value(cell) else parse_number(cell, decimal)
        assert missing == is_no_value(cell)
        assert bad == (alone is None and not missing)
        if alone is not None:
            assert value == alone


@settings(deadline=None)
@given(st.integers(-(10**11), 10**11))
def test_money_written_with_marks_comes_back_to_the_cent(cents):
    value = cents / 100
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english, ".") == value
    assert parse_number(german, ",") == value
    assert parse_number(english.replace(",", "\u00a0"), ".") == value


@pytest.mark.parametrize(
    ("cells", "fallback", "mark"),
    [
        (["1,5", "1,234"], ".", ","),
        (["1.5", "1,234"], ",", "."),
        (["1,234", "5,678"], ".", "."),
        (["1,234", "5,678"], ",", ","),
        (["1.234.567"], ".", ","),
        (["12", "13"], ".", "."),
    ],
)
def test_the_decimal_mark_is_what_only_one_reading_allows(cells, fallback, mark):
    assert decimal_mark(pd.Series(cells, dtype="str"), fallback) == mark
