"""The body of a twin test's job: one share of its worlds, each kept as soon as it is computed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from mmm.errors import NotFoundError
from mmm.jobs.ledger import JobCancelled
from mmm.jobs.worker import JobRun, Write
from mmm.services.base import Kit
from mmm.services.lift_tests import panel_with_tests
from mmm.services.models import read_model
from mmm.services.twins import numbers_of
from mmm.store.tables import TwinRow, new_id
from mmm.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from mmm.data.panel import Panel
    from mmm.models.base import FitSettings, FittedModel, Progress
    from mmm.validation.truths import Recipe
    from mmm.validation.twins import TwinOutcome

    MakeTwin = Callable[[Recipe, Panel, Mapping[str, FittedModel], Mapping[str, FitSettings], Progress], TwinOutcome]
    """`mmm.validation.twins.twin_of`, unless a test hands in another."""


def compute_twins(kit: Kit, make: MakeTwin | None, run: JobRun) -> Write:
    """Compute this job's share of the worlds, those that an earlier attempt kept left out.

    Raises:
        NotFoundError: the data or a model do not exist any more.
        JobCancelled: somebody cancelled, or another attempt took over; the worlds computed so far are kept.
    """
    from mmm.validation.truths import recipes
    from mmm.validation.twins import quick_settings, twin_of

    run.progress(0.0, "Reading the data and the models")
    panel, models, known = _read(kit, run.params)
    share = numbers_of(run.params)
    todo = [number for number in share if number not in known]
    worlds = recipes(tuple(models), int(run.params["twins"]), int(run.params["seed"]))
    settings = quick_settings(tuple(models))
    for number in todo:
        done = len(share) - len(todo) + todo.index(number)

        def within(part: float, message: str, done: int = done) -> None:
            run.progress((done + part) / len(share), f"World {done + 1} of {len(share)}: {message}")

        outcome = (make or twin_of)(worlds[number], panel, models, settings, within)
        _keep(kit, run, outcome, (done + 1) / len(share))
    return partial(_finish, kit, run, len(todo))


def _read(kit: Kit, params: Mapping[str, Any]) -> tuple[Panel, dict[str, FittedModel], set[int]]:
    """The data, one model a family, and the numbers of the worlds that were computed already."""
    workspace_id = params["workspace_id"]
    with kit.database.unit_of_work(read_only=True) as uow:
        version = uow.datasets.version(workspace_id, params["dataset_version_id"])
        rows = {name: uow.models.get(workspace_id, model_id) for name, model_id in params["models"].items()}
        if version is None or None in rows.values():
            raise NotFoundError("The data of this twin test, or a model fitted on them, do not exist any more.")
        models = {name: read_model(uow, row) for name, row in rows.items() if row is not None}
        known = {row.number for row in uow.twins.of_run(workspace_id, params["run"])}
        return panel_with_tests(uow, version).attached.panel, models, known


def _keep(kit: Kit, run: JobRun, outcome: TwinOutcome, share: float) -> None:
    """Store one twin, in one transaction with the check that this attempt is still the one that may."""
    params, ticket, now = run.params, run.ticket, kit.clock()
    with kit.database.unit_of_work() as uow:
        message = f"{outcome.recipe.number + 1} of {params['twins']}"
        if not uow.jobs.report(ticket.job_id, ticket.attempt, share, f"World {message} is done", now):
            raise JobCancelled
        row = TwinRow(
            id=new_id(),
            workspace_id=params["workspace_id"],
            dataset_version_id=params["dataset_version_id"],
            run=params["run"],
            number=outcome.recipe.number,
            created_at=now,
        )
        uow.twins.add(row, json.dumps(outcome.as_dict(), allow_nan=False).encode())
        uow.commit()


def _finish(kit: Kit, run: JobRun, computed: int, uow: UnitOfWork) -> str:
    """Write the audit row; what came out is found by the test's `run`."""
    params = run.params
    actor = uow.users.actor(params["workspace_id"], params["submitted_by"])
    details = {"run": params["run"], "slice": params["slice"], "computed": computed, "attempt": run.ticket.attempt}
    uow.audit.record(actor, "finish_twins", "job", run.ticket.job_id, details=details, at=kit.clock())
    return str(params["run"])
