"""What pages learn about a dataset on its way to answers, and the answers themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.access import Actor, Role
from mmm.bootstrap import make_kit
from mmm.data.codec import dump
from mmm.data.inputs import Frequency
from mmm.data.mapping import Mapping
from mmm.data.panel import KpiKind, Panel
from mmm.effects.contributions import shapley
from mmm.effects.roi import roi
from mmm.errors import NotAllowedError, NotFoundError
from mmm.models.base import FitSettings, FittedModel, Progress, silent
from mmm.planning.baseline import HORIZON
from mmm.services.base import Kit
from mmm.services.datasets import DatasetVersionInfo
from mmm.services.home import Answers, answers, home_of
from mmm.services.insight import Insight, Stage, last_day
from mmm.services.models import HealthStatus, Models, save
from mmm.study import Results, question
from mmm.validation.holdout import hold_out
from tests.conftest import Installation
from tests.fakes import a_model, a_panel


class KnownModels(Models):
    """The real service, over models that are made rather than read back."""

    def fitted(self, actor: Actor, version_id: str) -> FittedModel:
        self.get(actor, version_id)
        return a_model(a_panel(n=60))


def fit_fake(panel: Panel, settings: FitSettings, progress: Progress = silent) -> FittedModel:
    return a_model(panel)


def results_of(panel: Panel) -> Results:
    return question(a_model(panel), panel, hold_out(panel, fit_fake, FitSettings()))


def answered(model: FittedModel, panel: Panel) -> Answers:
    return answers(model, panel, shapley(model, panel.inputs()), roi(model, panel))


class Desk:
    def __init__(self, installation: Installation, kit: Kit) -> None:
        self.installation, self.kit, self.services = installation, kit, installation.services
        self.analyst, self.executive = installation.actor("analyst"), installation.actor("executive")
        self.insight = Insight(kit, self.services.datasets, KnownModels(kit))

    def upload(self, name: str = "Shop", **more: Any) -> DatasetVersionInfo:
        return self.services.datasets.save(
            self.analyst,
            name=name,
            raw_content=b"date,kpi",
            source_name="shop.csv",
            mapping=Mapping(date="date", kpi="kpi"),
            findings=(),
            panel=a_panel(n=60),
            as_read=pd.DataFrame({"date": ["2023-01-02"]}),
            **more,
        )

    def train(self, version: DatasetVersionInfo) -> str:
        with self.kit.database.unit_of_work() as uow:
            model_id = save(
                uow,
                self.analyst,
                dataset_version_id=version.id,
                model=a_model(a_panel(n=60)),
                results=dump(results_of(a_panel(n=60))),
                metrics={},
                health={},
                status=HealthStatus.WARN,
                job_id=None,
                now=self.kit.clock(),
            )
            uow.commit()
        return model_id

    def publish(self, version: DatasetVersionInfo) -> str:
        model_id = self.train(version)
        self.services.models.publish(self.analyst, model_id)
        return model_id


@pytest.fixture
def desk(installation: Installation) -> Iterator[Desk]:
    kit = make_kit(installation.settings)
    yield Desk(installation, kit)
    kit.database.close()


class TestReadiness:
    def test_without_data_it_says_who_can_upload(self, desk: Desk) -> None:
        ready = desk.insight.readiness(desk.executive)
        assert (ready.stage, ready.dataset) == (Stage.NO_DATA, None)
        assert "upload" in ready.who

    def test_a_dataset_goes_from_upload_over_training_to_a_champion(self, desk: Desk) -> None:
        version = desk.upload()
        assert desk.insight.readiness(desk.executive).stage is Stage.NO_MODEL
        job = desk.services.training.submit(desk.analyst, version.id)
        training = desk.insight.readiness(desk.executive)
        assert (training.stage, training.progress) == (Stage.TRAINING, 0.0)
        desk.services.jobs.cancel(desk.analyst, job)
        model_id = desk.train(version)
        assert desk.insight.readiness(desk.executive).stage is Stage.NO_CHAMPION
        desk.services.models.publish(desk.analyst, model_id)
        assert desk.insight.readiness(desk.executive).stage is Stage.READY

    def test_a_dataset_with_a_champion_comes_before_a_newer_one_without(self, desk: Desk) -> None:
        shop = desk.upload("Shop")
        desk.publish(shop)
        desk.upload("Newer")
        found = desk.insight.readiness(desk.executive).dataset
        assert found is not None
        assert found.id == shop.dataset_id

    def test_a_dataset_of_nowhere_is_not_found(self, desk: Desk) -> None:
        with pytest.raises(NotFoundError):
            desk.insight.readiness(desk.executive, "0" * 32)


class TestWorkbench:
    def test_it_holds_the_champion_its_data_and_how_far_they_reach(self, desk: Desk) -> None:
        version = desk.upload(is_sample=True)
        model_id = desk.publish(version)
        bench = desk.insight.workbench(desk.executive)
        assert bench.champion.id == model_id
        assert bench.champion.status is HealthStatus.WARN
        assert bench.panel.n_periods == 60
        assert bench.results.roi.labels == bench.panel.labels
        assert bench.through == date(2024, 2, 25)
        assert bench.is_sample
        assert not bench.stale

    def test_it_is_stale_once_newer_data_arrive(self, desk: Desk) -> None:
        version = desk.upload()
        desk.publish(version)
        desk.upload(dataset_id=version.dataset_id)
        bench = desk.insight.workbench(desk.executive)
        assert bench.stale
        assert (bench.version.number, bench.dataset.latest.number) == (1, 2)

    def test_without_a_champion_it_says_what_is_missing_and_who_can_help(self, desk: Desk) -> None:
        desk.upload()
        with pytest.raises(NotFoundError, match=r"No model has been trained on “Shop” yet\. An analyst can train one"):
            desk.insight.workbench(desk.executive)

    @pytest.mark.parametrize("role", [Role.ENGINEER, Role.AUDITOR, Role.ADMIN])
    def test_who_may_not_see_results_gets_none_however_often_others_asked(self, desk: Desk, role: Role) -> None:
        desk.publish(desk.upload())
        desk.insight.home(desk.executive)
        someone = desk.installation.actor(role.value)
        for ask in (desk.insight.readiness, desk.insight.workbench, desk.insight.home):
            with pytest.raises(NotAllowedError):
                ask(someone)

    def test_another_workspace_sees_nothing_of_it(self, desk: Desk) -> None:
        version = desk.upload()
        desk.publish(version)
        stranger = replace(desk.executive, workspace_id="f" * 32)
        assert desk.insight.readiness(stranger).stage is Stage.NO_DATA
        with pytest.raises(NotFoundError):
            desk.insight.workbench(stranger, version.dataset_id)


class TestHome:
    def test_it_tells_what_changed_which_moves_pay_and_what_is_unknown(self, desk: Desk) -> None:
        version = desk.upload()
        desk.publish(version)
        desk.upload(dataset_id=version.dataset_id)
        home = desk.insight.home(desk.executive)
        assert home.change is not None
        assert 1 <= len(home.moves) <= 3
        assert any("warning" in sentence for sentence in home.unknown)
        assert any("Version 2 of the data has arrived since" in sentence for sentence in home.unknown)

    def test_a_settled_healthy_model_with_a_margin_leaves_nothing_open(self) -> None:
        panel = a_panel(margin=0.9)
        strong = a_model(panel, beta=np.full((40, 4), 1e6) + np.arange(40)[:, None])
        assert home_of(answered(strong, panel), panel, HealthStatus.PASS, None).unknown == ()

    def test_moves_look_as_far_ahead_as_the_scenarios_page(self) -> None:
        panel = a_panel(frequency=Frequency.DAY)
        home = home_of(answered(a_model(panel), panel), panel, HealthStatus.PASS, None)
        assert home.horizon == HORIZON[Frequency.DAY]
        assert {move.spend.shape[1] for move in home.moves} == {home.horizon}

    def test_channels_that_are_dark_or_undecided_are_named(self) -> None:
        panel = a_panel(margin=0.9)
        spend = panel.spend.copy()
        spend[..., 1] = 0.0
        spend[:, -20:, 2] = 0.0
        panel = _changed(panel, spend=spend)
        undecided = np.linspace(0.0, 2000.0, 40)[:, None] * np.ones(4)
        unknown = home_of(answered(a_model(panel, beta=undecided), panel), panel, HealthStatus.FAIL, None).unknown
        assert any("failed a health check" in sentence for sentence in unknown)
        assert any(sentence.startswith("social never spent") for sentence in unknown)
        assert any(sentence.startswith("tv has not run in the last 12 weeks") for sentence in unknown)
        assert any(sentence.startswith("Whether search pays back is open") for sentence in unknown)

    def test_a_count_without_a_value_says_so_and_names_channels_that_may_bring_nothing(self) -> None:
        panel = a_panel(kpi_kind=KpiKind.UNITS)
        beta = np.linspace(-400.0, 2000.0, 40)[:, None] * np.ones(4)
        unknown = home_of(
            answered(a_model(panel, beta=beta, pair=False), panel), panel, HealthStatus.PASS, None
        ).unknown
        assert any("what one unit of “orders” is worth" in sentence for sentence in unknown)
        assert any("do not rule out that search brings nothing" in sentence for sentence in unknown)

    def test_gaps_are_counted(self) -> None:
        panel = a_panel()
        observed = panel.observed.copy()
        observed[:, 3:6] = False
        unknown = home_of(answered(a_model(panel), panel), _changed(panel, observed=observed), HealthStatus.PASS, None)
        assert any(sentence.startswith("3 of 104 weeks have gaps") for sentence in unknown.unknown)


@pytest.mark.parametrize(
    ("first", "frequency", "last"),
    [
        ("2024-02-26", Frequency.WEEK, date(2024, 3, 3)),
        ("2024-02-01", Frequency.MONTH, date(2024, 2, 29)),
        ("2024-02-29", Frequency.DAY, date(2024, 2, 29)),
    ],
)
def test_the_last_day_is_the_end_of_the_last_period(first: str, frequency: Frequency, last: date) -> None:
    assert last_day(np.array([first], dtype="datetime64[D]"), frequency) == last


def _changed(panel: Panel, **changes: Any) -> Panel:
    return Panel(**{**{name: getattr(panel, name) for name in panel.__dataclass_fields__}, **changes})
