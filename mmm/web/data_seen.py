"""What the importer saw in a file: the table, every finding with its place, totals to compare with the source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from mmm.data.findings import Finding, Severity
from mmm.data.read import RawTable
from mmm.web.components import escape

ROWS = 200  # of the table shown
WORDS = {
    Severity.REFUSE: "Stands in the way",
    Severity.ASK: "Question",
    Severity.REPAIR: "Mended",
    Severity.INFO: "Note",
}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_ENCODINGS = {"cp1252": "Windows-1252", "utf-8-sig": "UTF-8", "utf-8": "UTF-8"}


def dialect_words(raw: RawTable) -> list[str]:
    """How the file is written, in short facts."""
    dialect = raw.dialect
    if dialect.kind == "xlsx":
        facts = [f"Excel workbook, sheet “{dialect.sheet}”"]
    else:
        between = _DELIMITERS.get(dialect.delimiter or "", f"“{dialect.delimiter}”")
        encoding = str(dialect.encoding)
        facts = [f"Text with {between}, {_ENCODINGS.get(encoding, encoding.upper())}"]
    if dialect.decimal == ",":
        facts.append("decimal comma")
    return [f"{len(raw.frame):,} rows", f"{len(raw.columns)} columns", *facts]


def table_as_read(frame: pd.DataFrame, *, total: int, key: str) -> None:
    """The first rows as they were read, with their number in the file."""
    st.dataframe(frame.iloc[:ROWS], height=250, key=key, alt="The first rows of the table as read")
    if total > ROWS:
        st.caption(f"The first {ROWS} of {total:,} rows.")


def findings_table(
    findings: Sequence[Finding], *, key: str, nothing: str = "Nothing had to be mended, and nothing is noteworthy."
) -> None:
    """Every finding with its row and column, what stands in the way first."""
    if not findings:
        st.markdown(nothing)
        return
    order = list(WORDS)
    rows = [
        {"Kind": WORDS[f.severity], "Row": str(f.row or ""), "Column": f.column or "", "Finding": f.message}
        for f in sorted(findings, key=lambda f: order.index(f.severity))
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 8 else 320,
        key=key,
        alt=f"{len(rows)} findings with row and column",
        column_config={
            "Kind": st.column_config.TextColumn(width=120),
            "Row": st.column_config.TextColumn(width=60),
            "Column": st.column_config.TextColumn(width=160),
            "Finding": st.column_config.TextColumn(width=700),
        },
    )


def totals_table(totals: Mapping[str, float], uses: Mapping[str, str], *, key: str) -> None:
    """Sums as read, for comparison with the source."""
    rows = [{"Column": name, "Is": uses.get(name, ""), "Total": value} for name, value in totals.items()]
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 8 else 320,
        key=key,
        alt="Totals of the KPI, spend and exposure as read",
        column_config={"Total": st.column_config.NumberColumn(format="localized")},
    )


def refusals(findings: Sequence[Finding]) -> None:
    """What makes the file unusable as it is, at most five at a time."""
    for finding in findings[:5]:
        place = [f"row {finding.row}"] if finding.row else []
        place += [f"column “{finding.column}”"] if finding.column else []
        told = finding.message.startswith("Row ")  # most messages name their place themselves
        where = f"{', '.join(place).capitalize()}: " if finding.row and not told else ""
        st.error(escape(f"{where}{finding.message}"))
    if len(findings) > 5:
        st.caption(f"And {len(findings) - 5} more, in the list of findings below.")
