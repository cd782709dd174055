"""`mmm train`: models of a data set, trained in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mmm.access import Role
from mmm.commands.installation import opened
from mmm.commands.person import As, acting
from mmm.errors import ModelError, NotFoundError

if TYPE_CHECKING:
    from mmm.access import Actor
    from mmm.services import Services
    from mmm.services.training import Entry

POLL_S = 1.0  # when a running server took the job first
NEVER_SILENT_S = 10 * 365 * 86_400.0  # only the queue is asked for

Dataset = Annotated[str, typer.Argument(help="Name of the data set; its newest version is used.")]
Families = Annotated[list[str] | None, typer.Option("--family", help="A model family; by default all of them.")]
Effort = Annotated[str, typer.Option(help="quick or full.")]
Seed = Annotated[int, typer.Option(help="The same data, settings and seed give the same models.")]


def train(dataset: Dataset, person: As, family: Families = None, effort: Effort = "quick", seed: Seed = 0) -> None:
    """Train models, compare them on periods they had not seen, and print the leaderboard."""
    from mmm.services.training import TrainingRequest

    with opened(Role.ADMIN) as (services, operator):
        actor = acting(services, operator, person)
        found = next((d for d in services.datasets.list(actor) if dataset in (d.name, d.id)), None)
        if found is None:
            raise NotFoundError(f"There is no data set called “{dataset}”; “mmm import” makes one.")
        request = TrainingRequest(tuple(family or ()), effort, seed)
        job_id = services.training.submit(actor, found.latest.id, request)
        _work(services, actor, job_id)
        board = services.training.leaderboard(actor, found.id)
        for entry in (entry for entry in board.entries if entry.model.job_id == job_id):
            typer.echo(_line(entry))


def _work(services: Services, actor: Actor, job_id: str) -> None:
    """Do the job here, or wait for the server that was quicker.

    Raises:
        ModelError: the training ended without a result.
    """
    import time

    from mmm.bootstrap import open_workshop
    from mmm.jobs.worker import carry_out

    workshop = open_workshop()
    ticket = next((t for t in workshop.ledger.survey(NEVER_SILENT_S).waiting if t.job_id == job_id), None)
    if ticket is not None:
        carry_out(workshop, ticket)
    job = services.jobs.get(actor, job_id)
    while job.live:
        time.sleep(POLL_S)
        job = services.jobs.get(actor, job_id)
    if job.result_ref is None:
        raise ModelError(f"The training was {job.status.value}: {job.message}")


def _line(entry: Entry) -> str:
    mine, plain = entry.model.metrics.get("model", {}), entry.model.metrics.get("yardstick", {})
    r2 = mine.get("r2")
    words = [
        f"{entry.model.id}  {entry.model.family:<12}",
        f"RMSE {mine.get('rmse', float('nan')):,.4g} (plain regression {plain.get('rmse', float('nan')):,.4g})",
        f"R2 {'-' if r2 is None else f'{r2:.2f}'}",
        f"health {entry.model.status.value}",
    ]
    return "  ".join([*words, *(["recommended"] if entry.recommended else [])])
