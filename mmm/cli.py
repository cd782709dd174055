"""The command line, a thin door to the domain and the services.

Each group of commands is a module of `mmm.commands`, which imports what it needs when a command runs, so that
`mmm --help` and `mmm run` pay for nothing they do not use.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mmm.commands import audit, backup, import_, inspect, keys, reproduce, run, serve, train, user
from mmm.errors import MMMError


class PlainErrors(TyperGroup):
    """Shows an error meant for people as one plain line on standard error and leaves with exit code 2."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - the context class is the library's own
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except MMMError as error:
            typer.echo(f"mmm: {error}", err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    name="mmm",
    help="Mixwright: what would revenue have been, had we spent differently?",
    cls=PlainErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(user.app, name="user")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.command("backup")(backup.backup)
app.command("run")(run.run)
app.command("inspect")(inspect.inspect)
app.command("serve")(serve.serve)
app.command("import")(import_.import_files)
app.command("train")(train.train)
app.command("reproduce")(reproduce.reproduce)
