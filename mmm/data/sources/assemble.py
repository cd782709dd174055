"""Several files as one table: recognised, converted, added up to channels, and joined on the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmm.data.findings import Finding, Question
from mmm.data.read import RawTable
from mmm.data.sources.source import Recipe, Source
from mmm.errors import DataError


@dataclass(frozen=True)
class Unmatched:
    """Rows of a source that no rule matched, by the text that would tell their channel.

    Attributes:
        source: index of the source in the recipe.
        text: the key columns' cells, joined by " | ".
        rows: how many rows have it.
        spend: their spend as read, in the source's currency; None where the source has no spend.
    """

    source: int
    text: str
    rows: int
    spend: float | None


@dataclass(frozen=True, eq=False)
class Assembly:
    """What became of the files under a recipe.

    Attributes:
        table: one row a period (and market); what `guess_mapping` and `build_panel` take. A single file of
            `Layout.TABLE` is passed on as it is, row numbers included. None while a question is open or a file was
            refused.
        recipe: the recipe with everything guessed filled in.
        findings: what was noticed on the way, beyond what each file's `RawTable.findings` say.
        questions: what a person has to answer first; see `answer_recipe`.
        totals: for each source, sum of each measure as read, by column name, before any conversion.
        unmatched: rows no rule matched.
        made_of: for each column of the table, the indices of the sources it comes from.
    """

    table: RawTable | None
    recipe: Recipe
    findings: tuple[Finding, ...] = ()
    questions: tuple[Question, ...] = ()
    totals: tuple[dict[str, float], ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    made_of: dict[str, tuple[int, ...]] | None = None


def assemble(tables: Sequence[RawTable], recipe: Recipe | None = None) -> Assembly:
    """One table from `tables`; without a recipe, each file is recognised.

    Args:
        tables: the files as read.
        recipe: what a person said, or what the version before used; sources are matched to files by position.

    Raises:
        DataError: there is no file.
    """
    if not tables:
        raise DataError("There is no file to read.")
    if len(tables) > 1:
        raise DataError("Several files cannot be joined yet.")
    sources = (Source(tables[0].name),)
    return Assembly(tables[0], recipe or Recipe(sources))


def answer_recipe(recipe: Recipe, question: Question, option: str) -> Recipe:  # noqa: ARG001 - nothing is asked yet
    """The recipe with `option` as the answer to `question`, whose `mapping_field` names the place.

    A place is "sources.<index>.<field>", "fill.<column>", "currency" or "kpi".

    Raises:
        DataError: the question has no such option.
    """
    if option not in question.options:
        raise DataError(f"“{option}” is no answer to this question; choose {' or '.join(question.options)}.")
    raise DataError(f"No question about the files is called “{question.code}”.")
