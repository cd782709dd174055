"""From the click on “train” to stored models, with a study that takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

from mmm.access import Actor, Role, system_actor
from mmm.bootstrap import make_kit
from mmm.data.mapping import Mapping
from mmm.data.panel import Panel
from mmm.errors import ConflictError, MMMError, ModelError, NotAllowedError, NotFoundError, SpecError
from mmm.jobs.inline import InlineExecutor
from mmm.jobs.worker import Workshop
from mmm.models.base import Progress
from mmm.services.base import Kit
from mmm.services.jobs import SqlLedger
from mmm.services.models import HealthStatus
from mmm.services.tasks import TrainedModel, bodies
from mmm.services.training import TrainingRequest
from mmm.store.jobs import JobStatus
from tests.conftest import Installation
from tests.fakes import FakeModel, a_model, a_panel


class Cautious(FakeModel):
    family = "cautious"


class FakeStudy:
    """A study that hands out two models and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Panel, TrainingRequest]] = []
        self.status = HealthStatus.PASS
        self.meanwhile: Callable[[], object] = lambda: None
        self.error: Exception | None = None

    def __call__(self, panel: Panel, request: TrainingRequest, progress: Progress) -> Sequence[TrainedModel]:
        self.asked.append((panel, request))
        progress(0.5, "Fitting")
        self.meanwhile()
        if self.error is not None:
            raise self.error
        cautious = a_model(panel)
        cautious.__class__ = Cautious
        return (self._trained(a_model(panel), recommended=False), self._trained(cautious, recommended=True))

    def _trained(self, model: FakeModel, *, recommended: bool) -> TrainedModel:
        return TrainedModel(
            model=model,
            results=f"results of {model.family}".encode(),
            metrics={"rmse": 1.0},
            health={"status": self.status.value},
            status=self.status,
            recommended=recommended,
        )


@dataclass
class Desk:
    """An installation with one dataset, a study, and an executor that runs when told."""

    installation: Installation
    kit: Kit
    study: FakeStudy
    executor: InlineExecutor

    def __post_init__(self) -> None:
        self.services = self.installation.services
        self.analyst = self.installation.actor("analyst")
        self.panel = a_panel(n=30)

    def dataset(self, *, dataset_id: str | None = None, is_sample: bool = False) -> Any:
        return self.services.datasets.save(
            self.analyst,
            name="Shop",
            raw_content=b"date,kpi",
            source_name="shop.csv",
            mapping=Mapping(date="date", kpi="kpi"),
            findings=(),
            panel=self.panel,
            as_read=pd.DataFrame({"date": ["2023-01-02"], "kpi": ["1"]}),
            dataset_id=dataset_id,
            is_sample=is_sample,
        )

    @property
    def machine(self) -> Actor:
        return system_actor(self.analyst.workspace_id, self.analyst.workspace_name, frozenset({Role.ANALYST}))

    def submit(self, **changes: Any) -> str:
        request = TrainingRequest(**changes) if changes else None
        return self.services.training.submit(self.analyst, self.dataset().id, request)

    def audited(self, object_id: str) -> list[tuple[str, str]]:
        with self.kit.database.unit_of_work(read_only=True) as uow:
            events = uow.audit.events(self.analyst.workspace_id, object_id=object_id)
        return [(event.action, event.actor) for event in reversed(events)]


@pytest.fixture
def desk(installation: Installation) -> Iterator[Desk]:
    kit, study = make_kit(installation.settings), FakeStudy()
    shop = Workshop(SqlLedger(kit.database, kit.clock), bodies(kit, study))
    yield Desk(installation, kit, study, InlineExecutor(shop))
    kit.database.close()


class TestSubmit:
    def test_a_training_waits_in_the_queue_and_is_audited(self, desk: Desk) -> None:
        job_id = desk.submit()
        info = desk.services.jobs.get(desk.analyst, job_id)
        assert (info.status, info.task, info.submitted_by) == (JobStatus.QUEUED, "train", "Analyst")
        assert desk.audited(job_id) == [("submit_training", "analyst")]

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ANALYST])
    def test_only_analysts_train(self, desk: Desk, role: Role) -> None:
        version = desk.dataset()
        with pytest.raises(NotAllowedError):
            desk.services.training.submit(desk.installation.actor(role.value), version.id)
        assert desk.executor.drain() == []

    def test_an_unknown_dataset_version_is_refused(self, desk: Desk) -> None:
        with pytest.raises(NotFoundError):
            desk.services.training.submit(desk.analyst, "0" * 32)

    def test_the_same_training_is_not_queued_twice_but_another_is(self, desk: Desk) -> None:
        version = desk.dataset()
        desk.services.training.submit(desk.analyst, version.id)
        with pytest.raises(ConflictError, match="waits for its turn already"):
            desk.services.training.submit(desk.analyst, version.id)
        desk.services.training.submit(desk.analyst, version.id, TrainingRequest(seed=1))
        assert desk.executor.drain() == ["done", "done"]

    def test_an_unknown_effort_or_an_empty_hold_out_is_refused(self) -> None:
        with pytest.raises(SpecError, match="quick, full"):
            TrainingRequest(effort="huge")
        with pytest.raises(SpecError, match="at least one period"):
            TrainingRequest(holdout=0)

    def test_people_cannot_publish_with_the_training(self, desk: Desk) -> None:
        version = desk.dataset(is_sample=True)
        with pytest.raises(NotAllowedError):
            desk.services.training.submit(desk.analyst, version.id, publish_sample=True)

    def test_the_machine_cannot_publish_what_is_no_sample(self, desk: Desk) -> None:
        with pytest.raises(NotAllowedError):
            desk.services.training.submit(desk.machine, desk.dataset().id, publish_sample=True)


class TestTrain:
    def test_the_study_is_asked_what_was_submitted(self, desk: Desk) -> None:
        desk.submit(families=("ridge", "structural"), effort="full", seed=7, holdout=12)
        assert desk.executor.drain() == ["done"]
        ((panel, request),) = desk.study.asked
        assert request == TrainingRequest(("ridge", "structural"), "full", 7, 12)
        assert panel.labels == desk.panel.labels
        assert (panel.kpi == desk.panel.kpi).all()

    def test_the_study_gets_the_lift_tests_and_its_models_name_them(self, desk: Desk) -> None:
        version = desk.dataset()
        test = {"channel": "search", "start": "2023-03-06", "end": "2023-04-02", "lift": 900.0, "se": 90.0}
        used, late = (
            desk.services.lift_tests.add(desk.analyst, version.dataset_id, {**test, **changes}).id
            for changes in ({}, {"end": "2033-04-02"})
        )
        desk.services.training.submit(desk.analyst, version.id)
        desk.executor.drain()
        ((panel, _),) = desk.study.asked
        assert [test.lift for test in panel.lift_tests] == [900.0]
        for entry in desk.services.training.leaderboard(desk.analyst, version.dataset_id).entries:
            assert entry.model.metrics["lift_tests"] == {"used": [used], "left_out": {late: "outside"}}

    def test_every_family_is_stored_with_its_results_and_the_job_names_the_best(self, desk: Desk) -> None:
        version = desk.dataset()
        job_id = desk.services.training.submit(desk.analyst, version.id)
        desk.executor.drain()
        board = desk.services.training.leaderboard(desk.analyst, version.dataset_id)
        assert [(entry.model.family, entry.recommended) for entry in board.entries] == [
            ("cautious", True),
            ("fake", False),
        ]
        best = board.entries[0].model
        assert desk.services.jobs.get(desk.analyst, job_id).result_ref == best.id
        assert desk.services.models.results(desk.analyst, best.id) == b"results of cautious"
        assert desk.audited(job_id) == [("submit_training", "analyst"), ("finish_training", "analyst")]

    def test_a_later_study_is_told_which_kind_of_model_is_published(self, desk: Desk) -> None:
        version = desk.dataset()
        desk.services.training.submit(desk.analyst, version.id)
        desk.executor.drain()
        best = desk.services.training.leaderboard(desk.analyst, version.dataset_id).entries[0].model
        desk.services.models.publish(desk.analyst, best.id)
        desk.services.training.submit(desk.analyst, version.id, TrainingRequest(seed=1))
        desk.executor.drain()
        assert [request.champion for _, request in desk.study.asked] == [None, "cautious"]

    def test_nothing_is_published_by_training(self, desk: Desk) -> None:
        version = desk.dataset()
        desk.services.training.submit(desk.analyst, version.id)
        desk.executor.drain()
        assert desk.services.models.champion(desk.analyst, version.dataset_id) is None

    def test_the_first_model_of_the_sample_publishes_itself(self, desk: Desk) -> None:
        version = desk.dataset(is_sample=True)
        desk.services.training.submit(desk.machine, version.id, publish_sample=True)
        desk.executor.drain()
        champion = desk.services.models.champion(desk.analyst, version.dataset_id)
        assert champion is not None
        assert champion.family == "cautious"
        assert ("publish_model", "system") in desk.audited(champion.id)

    def test_a_sample_model_that_fails_its_checks_is_not_published(self, desk: Desk) -> None:
        desk.study.status = HealthStatus.FAIL
        version = desk.dataset(is_sample=True)
        desk.services.training.submit(desk.machine, version.id, publish_sample=True)
        assert desk.executor.drain() == ["done"]
        assert desk.services.models.champion(desk.analyst, version.dataset_id) is None

    def test_a_training_cancelled_meanwhile_stores_nothing(self, desk: Desk) -> None:
        version = desk.dataset()
        job_id = desk.services.training.submit(desk.analyst, version.id)
        desk.study.meanwhile = lambda: desk.services.jobs.cancel(desk.analyst, job_id)
        assert desk.executor.drain() == ["cancelled"]
        assert desk.services.training.leaderboard(desk.analyst, version.dataset_id).entries == ()

    def test_a_failed_training_says_why_and_can_be_tried_again(self, desk: Desk) -> None:
        version = desk.dataset()
        job_id = desk.services.training.submit(desk.analyst, version.id)
        desk.study.error = ModelError("There are fewer than 20 observed weeks.")
        desk.executor.drain()
        info = desk.services.jobs.get(desk.analyst, job_id)
        assert (info.status, info.message) == (JobStatus.FAILED, "There are fewer than 20 observed weeks.")
        desk.study.error = None
        desk.services.jobs.retry(desk.analyst, job_id)
        assert desk.executor.drain() == ["done"]
        assert desk.services.jobs.get(desk.analyst, job_id).attempt == 2
        assert len(desk.services.training.leaderboard(desk.analyst, version.dataset_id).entries) == 2


class TestLeaderboard:
    def test_models_of_an_older_version_are_stale(self, desk: Desk) -> None:
        version = desk.dataset()
        desk.services.training.submit(desk.analyst, version.id)
        desk.executor.drain()
        desk.dataset(dataset_id=version.dataset_id)
        board = desk.services.training.leaderboard(desk.analyst, version.dataset_id)
        assert [(entry.dataset_number, entry.stale) for entry in board.entries] == [(1, True), (1, True)]

    @pytest.mark.parametrize("role", [Role.EXECUTIVE, Role.MANAGER, Role.ENGINEER, Role.ADMIN])
    def test_it_is_for_those_who_train_or_publish(self, desk: Desk, role: Role) -> None:
        version = desk.dataset()
        with pytest.raises(MMMError):
            desk.services.training.leaderboard(desk.installation.actor(role.value), version.dataset_id)
