"""`mmm keys`: the keys that data are sealed with."""

from __future__ import annotations

import typer

from mmm.access import Role
from mmm.commands.installation import opened

app = typer.Typer(help="The keys that data are sealed with; the app may go on running.", no_args_is_help=True)


@app.command()
def rotate() -> None:
    """Give every workspace a new data key and seal its rows with it. Cut off, it goes on when called again."""
    with opened(Role.ADMIN) as (services, operator):
        for done in services.keys.rotate(operator):
            how = "finished the rotation that was cut off" if done.resumed else "new data key"
            typer.echo(f"{done.workspace}: {how}; {done.rows} rows sealed anew, {done.removed} older keys removed.")


@app.command("rotate-master")
def rotate_master() -> None:
    """Put a new master key first in the key file and bring the database under it."""
    with opened(Role.ADMIN) as (services, operator):
        count = services.keys.rotate_master(operator)
    typer.echo(f"The database is under a new master key ({count} data keys rewrapped). Copy the key file away now,")
    typer.echo("and to every other server of this database. The older key stays in it for backups made so far;")
    typer.echo("“mmm keys forget-old” removes it.")


@app.command("forget-old")
def forget_old() -> None:
    """Remove older master keys from the key file: backups made under them cannot be read with it any more."""
    with opened(Role.ADMIN) as (services, operator):
        count = services.keys.forget_older(operator)
    typer.echo(f"{count} older master keys removed from the key file.")
