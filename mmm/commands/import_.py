"""`mmm import`: a file becomes a version of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmm.access import Role
from mmm.commands.installation import opened
from mmm.commands.person import As, acting
from mmm.errors import DataError

File = Annotated[Path, typer.Argument(help="CSV or XLSX file.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="JSON file that says what each column is.")]
Name = Annotated[str, typer.Option(help="Data set; one that exists gets a further version.")]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook; by default the first with a table.")]
ShowGuess = Annotated[bool, typer.Option("--guess", help="Print the likeliest mapping as JSON and store nothing.")]


def import_file(
    file: File, person: As, name: Name = "", mapping: MappingFile = None, sheet: Sheet = None, guess: ShowGuess = False
) -> None:
    """Store a file as a data set, or as the next version of the one called NAME.

    Nothing is assumed: without a mapping, or while the file leaves a question open, nothing is stored and the command
    says what is missing. Columns that look personal and are not mapped are left out.
    """
    from mmm.data.mapping import Mapping

    content = _bytes_of(file)
    with opened(Role.ADMIN) as (services, operator):
        actor = acting(services, operator, person)
        reading = services.desk.read(actor, name=file.name, content=content, sheet=sheet)
        if guess:
            typer.echo(reading.guess.to_json())
            return
        if mapping is None:
            raise DataError("Say what each column is with --mapping; “mmm import FILE --guess” prints a first draft.")
        confirmed = Mapping.from_json(_bytes_of(mapping))
        draft = services.desk.draft(actor, reading, confirmed, {})
        for finding in draft.findings:
            place = f"row {finding.row}: " if finding.row else ""
            typer.echo(f"{finding.severity.value:<7} {place}{finding.message}", err=True)
        called = name or file.stem
        existing = next((d for d in services.datasets.list(actor) if d.name == called), None)
        used = {column for column, _ in confirmed.used_columns}
        personal = [column for column in reading.personal if column not in used]
        stored = services.desk.store(
            actor, reading, confirmed, name=called, dataset_id=existing.id if existing else None, leave_out=personal
        )
        if personal:
            typer.echo(f"not stored, because it looks personal: {', '.join(personal)}", err=True)
        said = "holds exactly this already" if stored.already else "stored"
        typer.echo(f"{stored.version.id}  {called}, version {stored.version.number}: {said}")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
