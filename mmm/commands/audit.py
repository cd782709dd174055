"""`mmm audit`: the audit table."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mmm.access import Role
from mmm.commands.installation import opened

app = typer.Typer(help="The audit table.", no_args_is_help=True)


@app.command()
def verify(
    anchor: Annotated[
        str | None, typer.Option(help="What an earlier “verify” printed: proves that no older copy was put back.")
    ] = None,
) -> None:
    """Walk the whole chain; exit code 0 when it is whole, 1 when it is broken."""
    with opened(Role.AUDITOR) as (services, operator):
        verdict = services.audit.verify(operator, anchor=anchor)
    if not verdict.ok:
        where = f" at row {verdict.broken_at}" if verdict.broken_at is not None else ""
        typer.echo(f"The audit chain is broken{where}: {verdict.problem}.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The audit chain is whole: {verdict.count} rows. To prove it later, note this somewhere else:")
    typer.echo(verdict.anchor)


@app.command()
def show(
    limit: Annotated[int, typer.Option(min=1, help="How many events.")] = 50,
    by: Annotated[str | None, typer.Option(help="Only this person's (sign-in name).")] = None,
) -> None:
    """Print the newest events, one JSON object a line."""
    with opened(Role.AUDITOR) as (services, operator):
        for event in services.audit.events(operator, limit=limit, by=by):
            plain = {name: getattr(event, name) for name in event.__dataclass_fields__}
            typer.echo(json.dumps(plain | {"at": event.at.isoformat()}, ensure_ascii=False))
