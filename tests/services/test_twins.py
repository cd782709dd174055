"""From the click on “test” to what was found: queued, shared out, kept, cancelled, gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import pytest

from mmm.access import Role
from mmm.bootstrap import make_kit
from mmm.data.mapping import Mapping as Columns
from mmm.data.panel import Panel
from mmm.errors import ConflictError, NotAllowedError, SpecError
from mmm.jobs.inline import InlineExecutor
from mmm.jobs.worker import Workshop
from mmm.models.base import FitSettings, FittedModel, Progress
from mmm.models.registry import family
from mmm.services.base import Kit
from mmm.services.jobs import SqlLedger
from mmm.services.models import HealthStatus, save
from mmm.services.tasks import bodies
from mmm.services.twins import newest_of_each_family, numbers_of
from mmm.store.jobs import JobStatus
from mmm.validation.truths import Recipe
from mmm.validation.twins import FamilyOutcome, PlanPlayed, TwinOutcome
from tests.conftest import Installation
from tests.fakes import a_panel


@dataclass
class FakeTwins:
    """Twins that take no time: every family finds what was put in."""

    made: list[int] = field(default_factory=list)
    before: Callable[[int], object] = lambda number: None

    def __call__(
        self,
        recipe: Recipe,
        panel: Panel,
        models: Mapping[str, FittedModel],
        families: Mapping[str, FitSettings],
        progress: Progress,
    ) -> TwinOutcome:
        self.before(recipe.number)
        progress(0.5, "Fitting")
        self.made.append(recipe.number)
        truth = (10.0,) * len(panel.labels.channels)
        low, high = (8.0,) * len(truth), (12.0,) * len(truth)
        found = tuple(FamilyOutcome(name, truth, low, high, PlanPlayed(1.0, 1.0)) for name in families)
        return TwinOutcome(recipe, panel.labels.channels, truth, truth, 40.0, 400.0, 1.0, found)


@dataclass
class Desk:
    """An installation with one fitted ridge model, and an executor that runs when told."""

    installation: Installation
    kit: Kit
    twins: FakeTwins
    executor: InlineExecutor

    def __post_init__(self) -> None:
        self.services = self.installation.services
        self.analyst = self.installation.actor("analyst")
        self.panel = a_panel(n=30)
        version = self.services.datasets.save(
            self.analyst,
            name="Shop",
            raw_content=b"date,kpi",
            source_name="shop.csv",
            mapping=Columns(date="date", kpi="kpi"),
            findings=(),
            panel=self.panel,
            as_read=pd.DataFrame({"date": ["2023-01-02"], "kpi": ["1"]}),
        )
        self.version_id = version.id
        self.model_id = self.model("ridge")

    def model(self, name: str) -> str:
        fitted = family("ridge").fit(self.panel, FitSettings(n_draws=20))
        fitted.__class__ = type(fitted.__class__.__name__, (fitted.__class__,), {"family": name})
        with self.kit.database.unit_of_work() as uow:
            made = save(
                uow,
                self.analyst,
                dataset_version_id=self.version_id,
                model=fitted,
                results=b"",
                metrics={},
                health={},
                status=HealthStatus.PASS,
                job_id=None,
                now=self.kit.clock(),
            )
            uow.commit()
        return made

    def submit(self, twins: int = 5) -> str:
        return self.services.twins.submit(self.analyst, self.model_id, twins=twins)

    def jobs(self) -> tuple[Any, ...]:
        return self.services.jobs.list(self.analyst, task="twins")

    def audited(self, action: str) -> list[Any]:
        with self.kit.database.unit_of_work(read_only=True) as uow:
            return [event for event in uow.audit.events(self.analyst.workspace_id) if event.action == action]


@pytest.fixture
def desk(installation: Installation) -> Iterator[Desk]:
    kit, twins = make_kit(installation.settings), FakeTwins()
    shop = Workshop(SqlLedger(kit.database, kit.clock), bodies(kit, None, twins))
    yield Desk(installation, kit, twins, InlineExecutor(shop))
    kit.database.close()


class TestSubmit:
    def test_a_test_waits_in_the_queue_and_is_audited(self, desk: Desk) -> None:
        run = desk.submit()
        (job,) = desk.jobs()
        assert (job.status, job.params["run"], job.params["models"]) == (
            JobStatus.QUEUED,
            run,
            {"ridge": desk.model_id},
        )
        assert [event.object_id for event in desk.audited("submit_twins")] == [desk.version_id]

    def test_the_work_is_shared_out_over_the_worker_processes(self, desk: Desk) -> None:
        settings = desk.kit.settings.model_copy(update={"job_workers": 3})
        desk.services.twins._kit = replace(desk.kit, settings=settings)
        desk.submit(twins=7)
        assert sorted(number for job in desk.jobs() for number in numbers_of(job.params)) == list(range(7))
        assert len(desk.jobs()) == 3

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.ANALYST])
    def test_only_analysts_start_one(self, desk: Desk, role: Role) -> None:
        with pytest.raises(NotAllowedError):
            desk.services.twins.submit(desk.installation.actor(role.value), desk.model_id, twins=3)

    def test_a_second_test_of_the_same_data_waits_for_the_first(self, desk: Desk) -> None:
        desk.submit()
        with pytest.raises(ConflictError, match="already"):
            desk.submit()

    @pytest.mark.parametrize("twins", [0, 121])
    def test_a_number_of_worlds_that_makes_no_sense_is_refused(self, desk: Desk, twins: int) -> None:
        with pytest.raises(SpecError, match="between 1 and 120"):
            desk.submit(twins=twins)

    def test_truths_come_from_the_newest_model_of_each_family(self, desk: Desk) -> None:
        newer = desk.model("ridge")
        other = desk.model("structural")
        with desk.kit.database.unit_of_work(read_only=True) as uow:
            row = uow.models.get(desk.analyst.workspace_id, other)
            assert [one.id for one in newest_of_each_family(uow, row)] == [newer, other]


class TestCompute:
    def test_every_world_is_computed_once_and_the_report_says_what_they_found(self, desk: Desk) -> None:
        desk.submit(twins=4)
        assert desk.executor.drain() == ["done"]
        report = desk.services.twins.report(desk.analyst, desk.model_id)
        assert desk.twins.made == [0, 1, 2, 3]
        assert (report.twins, report.of("ridge").coverage) == (4, 1.0)
        assert len(desk.audited("finish_twins")) == 1

    def test_a_cancelled_test_keeps_its_worlds_and_goes_on_when_tried_again(self, desk: Desk) -> None:
        desk.submit(twins=4)
        (job,) = desk.jobs()

        def cancel_at_two(number: int) -> None:
            if number == 2:
                desk.services.jobs.cancel(desk.analyst, job.id)

        desk.twins.before = cancel_at_two
        assert desk.executor.drain() == ["cancelled"]
        assert desk.services.twins.standing(desk.analyst, desk.model_id).done == 2
        desk.twins.before = lambda number: None
        desk.services.jobs.retry(desk.analyst, job.id)
        assert desk.executor.drain() == ["done"]
        assert desk.twins.made == [0, 1, 2, 2, 3]
        assert desk.services.twins.report(desk.analyst, desk.model_id).twins == 4

    def test_an_error_in_one_world_loses_none_of_those_before(self, desk: Desk) -> None:
        def fail_at_one(number: int) -> None:
            if number == 1:
                raise RuntimeError("a world went wrong")

        desk.submit(twins=3)
        desk.twins.before = fail_at_one
        assert desk.executor.drain() == ["failed"]
        assert desk.services.twins.report(desk.analyst, desk.model_id).twins == 1

    def test_an_attempt_that_was_replaced_may_not_store_a_world(self, desk: Desk) -> None:
        desk.submit(twins=2)
        (job,) = desk.jobs()

        def another_takes_over(_: int) -> None:
            with desk.kit.database.unit_of_work() as uow:
                uow.jobs.get(desk.analyst.workspace_id, job.id).attempt = 9
                uow.commit()

        desk.twins.before = another_takes_over
        assert desk.executor.drain() != ["done"]
        assert desk.services.twins.report(desk.analyst, desk.model_id) is None

    def test_outcomes_are_sealed(self, desk: Desk) -> None:
        desk.submit(twins=1)
        desk.executor.drain()
        with desk.kit.database.unit_of_work(read_only=True) as uow:
            (row,) = uow.twins.of_run(desk.analyst.workspace_id, desk.jobs()[0].params["run"])
            assert b"search" not in row.outcome_sealed
            assert b"search" in uow.twins.outcome(row)

    def test_without_a_test_there_is_nothing_to_report(self, desk: Desk) -> None:
        assert desk.services.twins.report(desk.analyst, desk.model_id) is None
        assert desk.services.twins.standing(desk.analyst, desk.model_id) is None
        assert desk.services.twins.seconds_per_twin(desk.analyst, desk.model_id) is None

    def test_how_long_a_world_takes_is_measured_on_the_last_test(self, desk: Desk) -> None:
        desk.submit(twins=2)
        desk.executor.drain()
        assert 0 <= desk.services.twins.seconds_per_twin(desk.analyst, desk.model_id) < 60
