"""The sample data set of a first start: simulated, labelled sample everywhere, trained in the background."""

from __future__ import annotations

from pathlib import Path

from mmm.access import Actor, Role, system_actor
from mmm.data.build import build_panel
from mmm.data.mapping import Mapping
from mmm.data.read import read_table
from mmm.errors import DataError
from mmm.services import Services
from mmm.services.first_start import SAMPLE_WORKSPACE
from mmm.services.training import TRAIN, TrainingRequest

NAME = "Sample: five channels, three years"
TABLE, MAPPING = "sample_weekly.csv", "sample_mapping.json"
FAMILIES = ("structural", "ridge", "xgboost")  # a first look should not wait for the whole bench
UPLOAD_KEY = "sample-upload"  # the same upload is stored once, however often the server starts


def load_sample(services: Services, folder: Path) -> bool:
    """Put the sample into the sample workspace and queue its training; whether anything was left to do.

    Called at every start: an empty workspace, one that has its sample already, and one whose people archived it
    stay as they are.

    Args:
        services: with the executor started, or another process that runs jobs.
        folder: where the sample's table and mapping lie.

    Raises:
        DataError: the sample's files are missing or damaged.
    """
    actor = _machine(services)
    if actor is None:
        return False
    known = services.datasets.list(actor, archived=True)
    if any(not dataset.is_sample for dataset in known):
        return False
    version_id = known[0].latest.id if known else _store(services, actor, folder)
    if known and (known[0].archived or services.jobs.list(actor, task=TRAIN, limit=1)):
        return False
    services.training.submit(actor, version_id, TrainingRequest(families=FAMILIES), publish_sample=True)
    return True


def _machine(services: Services) -> Actor | None:
    """The machine acting in the sample workspace; None where there is no such workspace."""
    with services.unit_of_work(read_only=True) as uow:
        workspace = next((w for w in uow.users.workspaces() if w.name == SAMPLE_WORKSPACE), None)
    if workspace is None:
        return None
    return system_actor(workspace.id, workspace.name, frozenset({Role.ANALYST, Role.ENGINEER}))


def _store(services: Services, actor: Actor, folder: Path) -> str:
    try:
        content, mapping = (folder / TABLE).read_bytes(), Mapping.from_json((folder / MAPPING).read_bytes())
    except OSError as error:
        raise DataError(f"The sample data set is missing: {error.filename} cannot be read.") from error
    raw = read_table(TABLE, content)
    built = build_panel(raw, mapping)
    if built.panel is None:
        raise DataError("The sample data set is damaged; write it anew with “python sample_data/generate.py”.")
    version = services.datasets.save(
        actor,
        name=NAME,
        raw_content=content,
        source_name=TABLE,
        mapping=mapping,
        findings=built.findings,
        panel=built.panel,
        as_read=raw.frame,
        is_sample=True,
        version_id=UPLOAD_KEY,
    )
    return version.id
