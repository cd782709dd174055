"""Personal data kept out of what is stored and said: columns left out, ids as pseudonyms, messages without cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from mmm.data.findings import Finding
from mmm.data.mapping import Mapping
from mmm.data.personal import HIDDEN, masked
from mmm.data.read import RawTable
from mmm.data.sources.assemble import Assembly, assemble
from mmm.data.sources.source import Layout, Source
from mmm.errors import DataError

Pseudonyms = Callable[[Sequence[str]], list[str]]

_QUOTED = re.compile("“([^”]*)”")


def refuse_needed(
    mapping: Mapping, sources: Sequence[Source], leave_out: Collection[str], pseudonyms: Collection[str]
) -> None:
    """Refuse to leave out what the model is built from, and to make pseudonyms of what is counted or dated.

    Raises:
        DataError: names the column, what it is, and what to do.
    """
    uses = dict(mapping.used_columns)
    for source in sources:
        if source.layout is not Layout.TABLE or len(sources) > 1:
            uses |= dict.fromkeys(source.measures, "amounts")
            uses |= {source.date: "date"} if source.date else {}
            uses |= {source.market: "market"} if source.market else {}
    both = [column for column in pseudonyms if column in leave_out]
    if both:
        raise DataError(f"“{both[0]}” is to be left out and kept as a pseudonym; choose one.")
    for column in leave_out:
        if column in uses:
            raise DataError(
                f"“{column}” is the {uses[column]} of the model and cannot be left out. Take it out of the model, or "
                "store it as a pseudonym."
            )
    keys = {column: "channels" for source in sources for column in source.keys}
    for column in pseudonyms:
        use = {**keys, **uses}.get(column, "market")
        if use != "market":
            raise DataError(
                f"“{column}” holds the {use}; a pseudonym says nothing about that. Leave the column out, or keep it."
            )


def without(files: Sequence[RawTable], columns: Collection[str]) -> tuple[RawTable, ...]:
    """The files without some columns."""
    return tuple(dropped(file, columns) for file in files)


def dropped(file: RawTable, columns: Collection[str]) -> RawTable:
    """A table without some columns."""
    gone = [column for column in file.frame.columns if column in columns]
    return replace(file, frame=file.frame.drop(columns=gone)) if gone else file


def with_pseudonyms(files: Sequence[RawTable], columns: Collection[str], made: Pseudonyms) -> tuple[RawTable, ...]:
    """The files with some columns' cells replaced by what stands for them; blank cells stay blank."""
    found = []
    for file in files:
        here = [column for column in file.frame.columns if column in columns]
        cells = {column: made(file.frame[column].tolist()) for column in here}
        found.append(replace(file, frame=file.frame.assign(**cells).astype("str")) if here else file)
    return tuple(found)


def alone(assembly: Assembly) -> RawTable | None:
    """The table of a single file that has the columns of that file; None where rows were added up or files joined."""
    single = [source.layout for source in assembly.recipe.sources] == [Layout.TABLE]
    return assembly.table if single else None


def assembled(files: Sequence[RawTable], before: Assembly, leave_out: Collection[str]) -> Assembly:
    """The files put together again without the columns left out, as far as they are not needed to read the rows.

    What tells the channel or the order of a row is needed for that, and comes into no column of the table.
    """
    sources = before.recipe.sources
    bare = [
        dropped(file, set(leave_out) - {*source.keys, *(rule.column for rule in source.rules), source.order_id})
        for file, source in zip(files, sources, strict=True)
    ]
    return assemble(bare, before.recipe)


def cells_of(files: Iterable[RawTable], columns: Collection[str]) -> frozenset[str]:
    """Every text in some columns, in lower case."""
    return frozenset(
        str(cell).strip().lower()
        for file in files
        for column in file.frame.columns
        if column in columns
        for cell in file.frame[column].unique()
    )


def discreet(findings: Iterable[Finding], personal: frozenset[str]) -> tuple[Finding, ...]:
    """The findings, with quoted cells of personal columns and anything that looks personal hidden, each once."""
    hidden = (replace(finding, message=hushed(finding.message, personal)) for finding in findings)
    return tuple(dict.fromkeys(hidden))


def hushed(text: str, personal: frozenset[str]) -> str:
    """A text with quoted cells of personal columns and anything that looks personal hidden."""

    def hide(match: re.Match[str]) -> str:
        return f"“{HIDDEN}”" if match[1].strip().lower() in personal else match[0]

    return masked(_QUOTED.sub(hide, text))
