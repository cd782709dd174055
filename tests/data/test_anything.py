"""Whatever is uploaded: a plain sentence, findings or a panel; never a crash."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mmm.data.build import build_panel
from mmm.data.findings import Severity
from mmm.data.mapping import answer, guess_mapping
from mmm.data.read import read_table
from mmm.errors import DataError
from tests.data.tables import raw, table

odd = st.sampled_from(
    [
        "",
        "--",
        "x",
        "-5",
        "1,5",
        "1.234,5",
        "5%",
        "2024-01-01",
        "01/02/2024",
        "45292",
        "#DIV/0!",
        "1e400",
        "nan",
        '"',
        "\u2028",
    ]
)
cells = st.dictionaries(
    st.integers(0, 29), st.dictionaries(st.sampled_from(["date", "sales", "tv_spend", "radio_spend"]), odd), max_size=6
)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content):
    try:
        read = read_table("a.csv", content)
    except DataError:
        return
    guess_mapping(read)


@settings(deadline=None)
@given(st.text(alphabet='date,;\t|\n\r"0123456789.-/ ab\u00e4', max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        read = read_table("a.csv", text.encode())
    except DataError:
        return
    result = build_panel(read, guess_mapping(read))
    assert result.panel is not None or result.findings


@settings(deadline=None)
@given(cells, st.sets(st.integers(0, 29), max_size=4), st.sampled_from(["sum", "first", "last"]))
def test_answered_questions_lead_to_a_panel_or_a_refusal(change, drop, duplicates):
    text = table(change=change, drop=tuple(drop)).replace('"', '""')
    read = raw(text)
    mapping = replace(guess_mapping(read), duplicates=duplicates)
    for _ in range(5):
        result = build_panel(read, mapping)
        if result.panel is not None or any(f.severity is Severity.REFUSE for f in result.findings):
            break
        assert result.questions
        for question in result.questions:
            mapping = answer(mapping, question, question.options[-1])
    assert result.panel is not None or any(f.severity is Severity.REFUSE for f in result.findings)
    assert all(finding.message for finding in result.findings)
