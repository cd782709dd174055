"""`mmm import`: files become a version of a data set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mmm.access import Role
from mmm.commands.installation import opened
from mmm.commands.person import As, acting
from mmm.errors import DataError

if TYPE_CHECKING:
    from mmm.data.mapping import Mapping
    from mmm.services.reading import Draft, Reading

Files = Annotated[list[Path], typer.Argument(help="CSV or XLSX files that together make one table.")]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="JSON file that says what each column is, and how files are joined if it says so."),
]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", help="JSON file that says how the files become a table.")]
Name = Annotated[str, typer.Option(help="Data set; one that exists gets a further version.")]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook; by default the first with a table.")]
ShowGuess = Annotated[
    bool, typer.Option("--guess", help="Print the likeliest mapping and recipe as JSON and store nothing.")
]
Appended = Annotated[
    bool | None,
    typer.Option("--append/--replace", help="Put the rows behind those stored, or in their place."),
]
Overlap = Annotated[
    str | None, typer.Option(help="Which file counts in periods that both have, for --append: new or old.")
]
Pseudonym = Annotated[
    list[str] | None, typer.Option("--pseudonym", help="Column to be stored as keyed hashes; may be repeated.")
]


def import_files(
    files: Files,
    person: As,
    name: Name = "",
    mapping: MappingFile = None,
    recipe: RecipeFile = None,
    sheet: Sheet = None,
    guess: ShowGuess = False,
    append: Appended = None,
    overlap: Overlap = None,
    pseudonym: Pseudonym = None,
) -> None:
    """Store files as a data set, or as the next version of the one called NAME.

    Nothing is assumed: without a mapping, or while the files leave a question open, nothing is stored and the command
    says what is missing. Columns that look personal and are neither mapped nor pseudonyms are left out.
    """
    from mmm.data.mapping import Mapping
    from mmm.data.sources.source import Recipe
    from mmm.services.reading import Upload

    uploads = [Upload(file.name, _bytes_of(file), sheet) for file in files]
    given, known = _given(mapping, "mapping"), _given(recipe, "recipe") or _inside(mapping, "recipe")
    with opened(Role.ADMIN) as (services, operator):
        actor = acting(services, operator, person)
        called = name or files[0].stem
        existing = next((d for d in services.datasets.list(actor) if d.name == called), None)
        reading = services.desk.read_files(
            actor,
            uploads,
            dataset_id=None if existing is None else existing.id,
            recipe=None if known is None else Recipe.from_json(json.dumps(known)),
        )
        if guess:
            _print_guess(reading)
            return
        if given is None:
            raise DataError("Say what each column is with --mapping; “mmm import FILE --guess” prints a first draft.")
        confirmed, how = Mapping.from_json(given), _how(reading, append)
        answers = {} if overlap is None else {"overlap": overlap}
        _print_findings(services.desk.draft(actor, reading, confirmed, answers, how=how))
        left_out = _left_out(reading, confirmed, pseudonym or [])
        stored = services.desk.store(
            actor,
            reading,
            confirmed,
            name=called,
            dataset_id=reading.dataset_id,
            leave_out=left_out,
            pseudonyms=pseudonym or (),
            how=how,
            answers=answers,
        )
        if left_out:
            typer.echo(f"not stored, because it looks personal: {', '.join(left_out)}", err=True)
        said = "holds exactly this already" if stored.already else "stored"
        typer.echo(f"{stored.version.id}  {called}, version {stored.version.number}: {said}")


def _how(reading: Reading, append: bool | None) -> Literal["append", "replace"]:
    """What the files do to the version before; told by a person where replacing would lose periods stored before."""
    if append is None and reading.suggested == "append":
        raise DataError(
            "The data set holds periods that these files do not. Say --append to put the new rows behind them, or "
            "--replace to store these files in their place."
        )
    return "append" if append else "replace"


def _left_out(reading: Reading, mapping: Mapping, pseudonyms: list[str]) -> list[str]:
    sources = reading.assembly.recipe.sources
    read = {column for source in sources for column in (source.date, source.market, *source.measures) if column}
    used = {column for column, _ in mapping.used_columns} | read | set(pseudonyms)
    return [column for column in reading.personal if column not in used]


def _print_guess(reading: Reading) -> None:
    """The likeliest mapping and recipe; what the files leave open goes to stderr."""
    for question in reading.assembly.questions:
        typer.echo(f"ask     {question.message} {question.mapping_field}: {', '.join(question.options)}", err=True)
    mapping = None if reading.raw is None else json.loads(reading.guess.to_json())
    draft = {"mapping": mapping, "recipe": json.loads(reading.assembly.recipe.to_json())}
    typer.echo(json.dumps(draft, ensure_ascii=False, indent=2))


def _print_findings(draft: Draft) -> None:
    for finding in draft.findings:
        place = f"row {finding.row}: " if finding.row else ""
        typer.echo(f"{finding.severity.value:<7} {place}{finding.message}", err=True)


def _given(path: Path | None, part: str) -> Any:  # noqa: ANN401 - whatever a JSON file held
    """What a file says: all of it, or the part of that name of what --guess printed."""
    if path is None:
        return None
    plain = _json_of(path)
    return plain[part] if isinstance(plain, dict) and part in plain else plain


def _inside(path: Path | None, part: str) -> Any:  # noqa: ANN401 - whatever a JSON file held
    """The part of that name of what --guess printed; None where a file holds something else."""
    plain = None if path is None else _json_of(path)
    return plain.get(part) if isinstance(plain, dict) and "mapping" in plain else None


def _json_of(path: Path) -> Any:  # noqa: ANN401 - whatever a JSON file held
    try:
        return json.loads(_bytes_of(path))
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}.") from error


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
