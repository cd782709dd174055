"""Small tables as a person would upload them, and what the importer makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from mmm.data.build import BuildResult, build_panel
from mmm.data.findings import Severity
from mmm.data.mapping import guess_mapping
from mmm.data.read import RawTable, read_table

FIRST = date(2024, 1, 1)  # a Monday

Cells = dict[int, dict[str, str | None]]


def weeks(n: int = 30, step: int = 7, first: date = FIRST) -> list[str]:
    return [(first + timedelta(days=step * i)).isoformat() for i in range(n)]


def table(
    n: int = 30,
    change: Cells | None = None,
    *,
    drop: tuple[int, ...] = (),
    step: int = 7,
    extra: dict[str, list[str]] | None = None,
) -> str:
    """A table of n periods; `change[i]` rewrites cells of period i, `drop` leaves rows out."""
    rows = []
    for i, day in enumerate(weeks(n, step)):
        row = {"date": day, "sales": f"{1000 + 10 * i}", "tv_spend": f"{100 + i}", "radio_spend": f"{50 + i % 5}"}
        row |= {name: cells[i] for name, cells in (extra or {}).items()}
        row |= {name: "" if cell is None else cell for name, cell in (change or {}).get(i, {}).items()}
        if i not in drop:
            rows.append(row)
    header = ",".join(rows[0])
    return "\n".join([header, *(",".join(row.values()) for row in rows)]) + "\n"


def raw(text: str, name: str = "weeks.csv") -> RawTable:
    return read_table(name, text.encode())


def built(text: str, **answers: object) -> BuildResult:
    read = raw(text)
    return build_panel(read, replace(guess_mapping(read), **answers))


def codes(result: BuildResult, severity: Severity | None = None) -> list[str]:
    return [finding.code for finding in result.findings if severity in (None, finding.severity)]


def found(result: BuildResult, code: str) -> list[tuple[int | None, str | None]]:
    return [(finding.row, finding.column) for finding in result.findings if finding.code == code]
