"""A data set with a published model, stored the way an upload and a training would leave them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from mmm.data.mapping import Mapping
from mmm.data.simulate import five_channel_world
from mmm.models.base import FitSettings
from mmm.services.models import HealthStatus, save
from mmm.services.tasks import study
from mmm.services.training import TrainingRequest

if TYPE_CHECKING:
    from mmm.access import Actor
    from mmm.data.panel import Panel
    from mmm.models.base import FittedModel
    from mmm.services import Services


@cache
def known_world(seed: int = 1, n_periods: int = 104) -> tuple[Panel, FittedModel]:
    """A simulated panel and the structural model of it; fitted once a session."""
    from mmm.models.structural import fit_structural

    panel = five_channel_world(seed=seed, n_periods=n_periods).panel
    return panel, fit_structural(panel, FitSettings())


def store(
    services: Services, analyst: Actor, panel: Panel, *, name: str = "Shop", dataset_id: str | None = None
) -> str:
    """Save `panel` as a dataset version; returns the version's id."""
    return services.datasets.save(
        analyst,
        name=name,
        raw_content=b"week;sales\n",
        source_name="weekly.csv",
        mapping=Mapping(date="week", kpi="sales"),
        findings=(),
        panel=panel,
        as_read=pd.DataFrame({"week": ["2024-01-01"]}),
        dataset_id=dataset_id,
        is_sample=True,
    ).id


def publish(
    services: Services,
    analyst: Actor,
    version_id: str,
    model: FittedModel,
    *,
    results: bytes = b"",
    status: HealthStatus = HealthStatus.PASS,
) -> str:
    """Store a fitted model of a dataset version and make it the champion; returns its id."""
    from datetime import UTC, datetime

    with services.unit_of_work() as uow:
        model_id = save(
            uow,
            analyst,
            dataset_version_id=version_id,
            model=model,
            results=results,
            metrics={},
            health={"status": status, "checks": []},
            status=status,
            job_id=None,
            now=datetime.now(UTC),
        )
        uow.commit()
    services.models.publish(analyst, model_id, reason="a test" if status is HealthStatus.FAIL else None)
    return model_id


def whole_champion(services: Services, analyst: Actor, *, name: str = "Harbour Outfitters", seed: int = 1) -> str:
    """A champion with everything its training would have stored, so that every page has its answers."""
    panel = known_world(seed)[0]
    version_id = store(services, analyst, panel, name=name)
    trained = study(panel, TrainingRequest(("structural",), "quick", seed, None), lambda _share, _message: None)[0]
    return publish(services, analyst, version_id, trained.model, results=trained.results)
