"""Cells as people write them: numbers with marks, signs, currencies and words for "no value"."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DecimalMark = Literal[".", ","]

NO_VALUE = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "–",
        "—",
        "null",
        "none",
        "nil",
        "na",
        "n/a",
        "n.a.",
        "#n/a",
        "#n/a n/a",
        "#nv",
        "nan",
        "<na>",
    }
    | {"(null)", "(blank)", "(not set)", "not available", "k.a.", ".", "n.v.", "n.d.", "\\n", "#nan"}
)
"""What exports write where there is no value; compared in lower case."""

ERROR_VALUES = frozenset(
    {"#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!", "#spill!", "#calc!", "#field!", "#getting_data"}
    | {"#bezug!", "#wert!", "#zahl!", "#null!", "#nom?", "#valeur!", "#nombre!", "#valor!", "#error!", "#fehler!"}
)
"""What a spreadsheet shows where a formula failed; read as no value, and said."""
_BLANK = NO_VALUE | ERROR_VALUES

LOOK_ROWS = 2_000  # rows that usually tell a column's decimal mark
SHORT = 300  # cells; a column of fewer is read cell by cell, which costs less than a dozen calls of Arrow

TRUE_WORDS = frozenset({"true", "yes", "y", "ja", "oui", "si", "sí", "wahr", "vrai", "x"})
FALSE_WORDS = frozenset({"false", "no", "n", "nein", "non", "falsch", "faux"})

_GROUP_MARKS = " \u00a0\u202f\u2009\u2007\u2008\u2002\u2005'’´"
_WITHOUT_GROUP_MARKS = {ord(mark): None for mark in _GROUP_MARKS}
_PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_GROUPED = {
    ".": r"^-?\d{1,3}(,\d{2,3})*,\d{3}(\.\d*)?$",
    ",": r"^-?(\d{1,3}(\.\d{3})+|\d+)(,\d*)?$",
}
_SIGNS = "[€$£¥₹₽₺₩฿₫₪₴₱]"
_CODES = (
    r"kr\.?|zł|kč|ft|lei|rs\.?|chf|eur|usd|gbp|jpy|sek|nok|dkk|pln|cad|aud|nzd|czk|huf|ron|cny|inr|brl|mxn|zar|krw|sgd|"
    "hkd|aed|sar|try|ils|euros?|dollars?"
)
_CURRENCY = re.compile(
    rf"^(?:{_SIGNS}|(?:us|a|c|nz|hk)\$|r\$|{_CODES})|(?:{_SIGNS}|{_CODES})$",
    re.IGNORECASE,
)
# Only one reading is possible: a leading zero, a group that is not three digits, both marks in order.
_EXPONENT = r"([eE][+-]?\d+)?[^\d]*$"
_SURE_COMMA = r"^[^\d]*(\d{1,3}(\.\d{3})+,\d+|0,\d+|\d+,(\d{1,2}|\d{4,})|\d{4,},\d+|\d{1,3}(\.\d{3}){2,})" + _EXPONENT
_SURE_POINT = (
    r"^[^\d]*(\d{1,3}(,\d{3})+\.\d+|0?\.\d+|\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|\d{1,3}(,\d{3}){2,})" + _EXPONENT
)
_THREE = {".": r"^[^\d]*[1-9]\d{0,2}\.\d{3}[^\d]*$", ",": r"^[^\d]*[1-9]\d{0,2},\d{3}[^\d]*$"}
_EVIDENCE = tuple(re.compile(pattern, re.ASCII) for pattern in (_SURE_COMMA, _SURE_POINT, _THREE["."], _THREE[","]))
_ORDINARY: dict[DecimalMark, re.Pattern[str]] = {
    ".": re.compile(r"[+-]?\d+(\.\d+)?"),
    ",": re.compile(r"[+-]?\d+(,\d+)?"),
}
_GROUP_MARK_SET = frozenset(_GROUP_MARKS)
_DIGIT = re.compile(r"\d")


MAX_NUMERAL = 400  # characters; the longest finite number written out has 309 digits
_NO_DIGIT = r"^[^\pN]*$"


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column read as numbers, `[row]`.

    Attributes:
        values: float64, NaN where missing or bad.
        missing: the cell holds no value.
        bad: the cell holds something that is no number.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]


def is_no_value(text: str) -> bool:
    """Whether a cell stands for "no value", such as `--`, `NULL`, `#N/A` or a blank."""
    return text.strip().strip("\u200b\ufeff").lower() in _BLANK


def parse_number(text: str, decimal: DecimalMark = ".") -> float | None:
    """One cell as a number; None when it is none.

    Understands signs, `(1,234)` as negative, `%` as hundredths, a currency before or behind, and
    thousands set apart by a comma, point, blank or apostrophe.
    """
    if len(text) > MAX_NUMERAL or not _DIGIT.search(text):
        return None
    if _ORDINARY[decimal].fullmatch(text):  # most cells of most files
        number = float(text.replace(",", "."))
        return number if math.isfinite(number) else None
    return _unusual_number(text, decimal)


def _unusual_number(text: str, decimal: DecimalMark) -> float | None:
    body = text.strip().strip("\u200b\ufeff").replace("\u2212", "-")
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip()
    share = body.endswith("%")
    body, minus = _without_sign_and_currency(body[:-1].rstrip() if share else body)
    if minus and negative:
        return None
    if not _GROUP_MARK_SET.isdisjoint(body):
        if not re.match(rf"^\d{{1,3}}([{_GROUP_MARKS}]\d{{3}})+([.,]\d*)?$", body):
            return None
        body = re.sub(f"[{_GROUP_MARKS}]", "", body)
    value = _plain_number(body, decimal)
    if value is None:
        return None
    value = value / 100 if share else value
    return -value if (negative or minus) else value


def parse_numbers(text: pd.Series[str], decimal: DecimalMark = ".") -> Numbers:
    """A column of cells as numbers: plain ones at once, the unusual ones each distinct text once."""
    if len(text) <= SHORT:
        return _numbers_singly(as_arrow(text).to_pylist(), decimal)
    cells = pc.utf8_trim_whitespace(as_arrow(text))
    missing = _numpy(pc.is_in(pc.utf8_lower(cells), value_set=pa.array(sorted(_BLANK))))
    values = np.full(len(text), np.nan)
    open_ = ~missing
    if decimal == ".":
        open_ = _cast_where(cells, _PLAIN, values, open_)
    if open_.any():
        open_ = _cast_where(cells, _GROUPED[decimal], values, open_, decimal)
    bad = np.zeros(len(text), dtype=np.bool_)
    if open_.any():
        filtered = cells.filter(pa.array(open_))
        codes, unique = pd.factorize(pd.Series(filtered.to_pylist(), dtype=object))
        wordy = _numpy(pc.match_substring_regex(pa.array(unique, type=pa.string()), _NO_DIGIT)).tolist()
        parsed = [
            None if words else parse_number(str(cell), decimal) for cell, words in zip(unique, wordy, strict=True)
        ]
        numbers = np.array([np.nan if value is None else value for value in parsed])
        values[open_] = numbers[codes]
        bad[open_] = ~np.isfinite(numbers)[codes]
        missing[open_] = np.array([is_no_value(str(cell)) for cell in unique])[codes]
        bad &= ~missing
    return Numbers(values, missing, bad)


def _numbers_singly(cells: list[str], decimal: DecimalMark) -> Numbers:
    values = np.full(len(cells), np.nan)
    missing = np.zeros(len(cells), dtype=np.bool_)
    bad = np.zeros(len(cells), dtype=np.bool_)
    for at, cell in enumerate(cells):
        value = parse_number(cell, decimal)
        if value is not None:
            values[at] = value
        elif is_no_value(cell):
            missing[at] = True
        else:
            bad[at] = True
    return Numbers(values, missing, bad)


def decimal_evidence(text: pd.Series[str]) -> tuple[int, int, int]:
    """How many cells can only be read with a decimal comma, only with a decimal point, or either way.

    The first rows decide if they can; the rest is looked at only where they cannot.
    """
    if len(text) > LOOK_ROWS:
        head = decimal_evidence(text.iloc[:LOOK_ROWS])
        if head[0] != head[1]:
            return head
    cells = pc.utf8_trim_whitespace(as_arrow(text))
    if len(cells) <= SHORT:
        return _evidence_singly(cells.to_pylist())
    blanks = f"[{_GROUP_MARKS}]"
    if pc.any(pc.match_substring_regex(cells, blanks)).as_py():
        cells = pc.replace_substring_regex(cells, blanks, "")

    def count(pattern: str) -> int:
        return int(pc.sum(pc.match_substring_regex(cells, pattern)).as_py() or 0)

    return count(_SURE_COMMA), count(_SURE_POINT), count(_THREE["."]) + count(_THREE[","])


def _evidence_singly(cells: list[str]) -> tuple[int, int, int]:
    found = [0, 0, 0, 0]
    for cell in cells:
        if "," not in cell and "." not in cell:
            continue
        bare = cell.translate(_WITHOUT_GROUP_MARKS)
        for place, pattern in enumerate(_EVIDENCE):
            found[place] += pattern.match(bare) is not None
    return found[0], found[1], found[2] + found[3]


def decimal_mark(text: pd.Series[str], fallback: DecimalMark = ".") -> DecimalMark:
    """The decimal mark of a column, or `fallback` where every cell can be read both ways."""
    comma, point, _ = decimal_evidence(text)
    if comma == point:
        return fallback
    return "," if comma > point else "."


def thousands_by_shape(text: pd.Series[str], delimiter: str | None) -> DecimalMark | None:
    """The decimal mark of a column whose cells are whole numbers in groups of three, or None where that is not sure.

    Sure where smaller numbers stand without a mark (`12,345` beside `780`), and, in a file cut at commas, for quoted
    groups: who writes a decimal comma does not cut at commas. A point in such a file, or in a workbook, whose numbers
    carry one, may be a decimal point.
    """
    cells = [cell for cell in (str(cell).strip() for cell in pd.unique(text)) if not is_no_value(cell)]
    comma = any("," in cell for cell in cells)
    if not comma and delimiter in (",", None):
        return None
    if comma and delimiter == ",":
        return "."
    shapes = [re.sub(r"[^\d.,]", "", cell) for cell in cells]
    group = re.compile(r"\d{1,3}(,\d{3})+" if comma else r"\d{1,3}(\.\d{3})+")
    if all((shape.isdigit() and len(shape) <= 3) or group.fullmatch(shape) for shape in shapes) and any(
        shape.isdigit() for shape in shapes
    ):
        return "." if comma else ","
    return None


def column_mark(
    text: pd.Series[str], decimal: DecimalMark, *, sure: bool, delimiter: str | None
) -> tuple[DecimalMark, str | None]:
    """The decimal mark of a column, and a cell that reads two ways where nothing in the file tells it.

    Args:
        text: the column's cells.
        decimal: the file's mark.
        sure: whether the file's cells tell `decimal`.
        delimiter: what stands between two cells of the file; None for a workbook.
    """
    if decimal == "." and (sure or delimiter is None) and not has_comma(text):
        return ".", None
    comma, point, either = decimal_evidence(text)
    if comma != point:
        return ("," if comma > point else "."), None
    if sure or not either:
        return decimal, None
    mark = thousands_by_shape(text, delimiter)
    if mark is not None:
        return mark, None
    pattern = re.compile(f"{_THREE['.']}|{_THREE[',']}")
    return decimal, next(str(cell).strip() for cell in text if pattern.match(str(cell).strip()))


def has_comma(text: pd.Series[str]) -> bool:
    """Whether any cell holds a comma: without one, a file with decimal points needs no second look."""
    cells = as_arrow(text)
    if len(cells) <= SHORT:
        return any("," in cell for cell in cells.to_pylist())
    return bool(pc.any(pc.match_substring(cells, ",")).as_py())


def as_arrow(text: pd.Series[str]) -> pa.Array:
    """The cells of a column as one Arrow string array."""
    array = pa.array(text.array, type=pa.string(), from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return array.fill_null("") if array.null_count else array


def _cast_where(
    cells: pa.Array,
    pattern: str,
    values: NDArray[np.float64],
    open_: NDArray[np.bool_],
    decimal: DecimalMark | None = None,
) -> NDArray[np.bool_]:
    """Fill `values` where an open cell matches; returns what is still open. `decimal` says which marks to undo."""
    matches = _numpy(pc.match_substring_regex(cells, pattern)) & open_
    if not matches.any():
        return open_
    chosen = cells.filter(pa.array(matches))
    if decimal is not None:
        chosen = pc.replace_substring(chosen, "," if decimal == "." else ".", "")
        chosen = pc.replace_substring(chosen, ",", ".")
    numbers = pc.cast(chosen, pa.float64()).to_numpy(zero_copy_only=False)
    values[matches] = numbers
    finite = np.ones_like(open_)
    finite[matches] = np.isfinite(numbers)
    return open_ & ~(matches & finite)


def _without_sign_and_currency(body: str) -> tuple[str, bool]:
    minus = False
    for _ in range(2):  # a sign may stand before or behind the currency
        if body.startswith(("-", "+")):
            minus, body = minus or body[0] == "-", body[1:].strip(_GROUP_MARKS)
        elif body.endswith("-"):
            minus, body = True, body[:-1].strip(_GROUP_MARKS)
        body = _CURRENCY.sub("", body, count=1).strip(_GROUP_MARKS)
    return body, minus


def _plain_number(body: str, decimal: DecimalMark) -> float | None:
    if re.match(_GROUPED[decimal], body):
        body = body.replace("," if decimal == "." else ".", "").replace(",", ".")
    elif decimal == "," and "." in body:
        return None
    if not re.match(_PLAIN, body):
        return None
    value = float(body)
    return value if np.isfinite(value) else None


def _numpy(mask: pa.Array) -> NDArray[np.bool_]:
    return np.array(mask.to_numpy(zero_copy_only=False), dtype=np.bool_)
