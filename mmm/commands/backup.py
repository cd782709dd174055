"""`mmm backup`: a copy of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmm.access import Role
from mmm.commands.installation import opened


def backup(target: Annotated[Path, typer.Argument(help="The new file; it must not exist yet.")]) -> None:
    """Copy the running database to a new file. Keep the master key as well, and somewhere else."""
    with opened(Role.ADMIN) as (services, operator):
        size = services.backups.make(operator, target)
    typer.echo(f"{target}: {size:,} bytes. It can only be read with the master key, which is not in it.")
