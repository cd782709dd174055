"""`mmm reproduce`: a stored model fitted again and compared to the last digit."""

from __future__ import annotations

from typing import Annotated

import typer

from mmm.commands.person import As
from mmm.threads import one_thread

Model = Annotated[str, typer.Argument(help="Id of the model version, as “mmm train” prints it.")]


def reproduce(model: Model, person: As) -> None:
    """Fit a stored model again on its own data and settings; say whether it is equal, leave with 1 where it is not."""
    one_thread()  # sums run in one order, as in the worker that fitted it
    from mmm.access import Role
    from mmm.commands.installation import opened
    from mmm.commands.person import acting

    with opened(Role.ADMIN) as (services, operator):
        found = services.reproduction.reproduce(acting(services, operator, person), model)
    typer.echo(found.sentence)
    if not found.equal:
        raise typer.Exit(1)
