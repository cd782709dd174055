"""`mmm reproduce`: a stored model fitted again and compared to the last digit."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from mmm.commands.person import As

Model = Annotated[str, typer.Argument(help="Id of the model version, as “mmm train” prints it.")]


def reproduce(model: Model, person: As) -> None:
    """Fit a stored model again on its own data and settings; say whether it is equal, leave with 1 where it is not."""
    from mmm.jobs.cluster import ONE_THREAD

    os.environ.update(ONE_THREAD)  # before NumPy is loaded: sums run in one order, as in the worker that fitted it
    from mmm.access import Role
    from mmm.commands.installation import opened
    from mmm.commands.person import acting

    with opened(Role.ADMIN) as (services, operator):
        found = services.reproduction.reproduce(acting(services, operator, person), model)
    typer.echo(found.sentence)
    if not found.equal:
        raise typer.Exit(1)
