"""`mmm inspect`: what would become of some files, before anything is stored or fitted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mmm.data.inspect import Inspection

Files = Annotated[list[Path], typer.Argument(help="CSV or XLSX files; several are joined on the calendar.")]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook; by default the first with a table.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; see docs/inspect.md.")]


def inspect(files: Files, sheet: Sheet = None, as_json: AsJson = False) -> None:
    """Say whether files can be read, what was mended and what a person must choose; leaves with 2 where refused."""
    from mmm.data.inspect import Verdict

    found = _inspection(files, sheet)
    if as_json:
        utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
        typer.echo(json.dumps(found.as_dict(), indent=1, ensure_ascii=not utf8, allow_nan=False))
    else:
        typer.echo(_printable(_text(found)))
    if found.verdict is Verdict.REFUSE:
        raise typer.Exit(2)


def _inspection(files: list[Path], sheet: str | None) -> Inspection:
    from mmm.data.inspect import inspect_files, refused

    contents: list[tuple[str, bytes]] = []
    problems: list[str] = []
    for path in files:
        name = _clean(path.name or str(path))
        try:
            contents.append((name, _bytes_of(path)))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no path of a file"
            problems.append(f"“{name}” cannot be read: {reason}. Check the path and its permissions.")
    if problems:
        return refused(" ".join(problems))
    try:
        return inspect_files(contents, sheet=sheet)
    except Exception as error:  # noqa: BLE001 - a person at a terminal gets a sentence, whatever went wrong
        kind = type(error).__name__
        return refused(f"The program failed on this input ({kind}). Save the table anew as CSV in UTF-8 and try that.")


def _bytes_of(path: Path) -> bytes:
    """The bytes of a file, not more than enough to see that it is too large."""
    from mmm.data.read import MAX_FILE_BYTES

    with path.open("rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)


def _text(found: Inspection) -> str:
    lines = [f"{found.verdict.value}: {found.rows:,} rows (periods × markets), {len(found.columns):,} columns"]
    if found.totals:
        lines += ["", "Totals as read"]
        width = max(len(column) for column in found.totals)
        lines += [f"  {column:<{width}}  {total:>18,.2f}" for column, total in found.totals.items()]
    if found.questions:
        lines += ["", "Questions"]
        lines += [f"  {asked.code}: {asked.message} [{' | '.join(asked.options)}]" for asked in found.questions]
    if found.remarks:
        lines += ["", "Findings"]
        for remark in found.remarks:
            place = f"{remark.where}: " if remark.where else ""
            lines.append(f"  {remark.finding.severity.value:<6}  {place}{remark.finding.message}")
    return "\n".join(lines)


def _clean(name: str) -> str:
    """A file's name that can be printed, whatever bytes it has."""
    return name.encode("utf-8", "replace").decode()


def _printable(text: str) -> str:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
