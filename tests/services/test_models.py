from dataclasses import replace

import numpy as np
import pytest

from mmm.errors import ConflictError, NotAllowedError, NotFoundError
from mmm.models.base import FitSettings, FittedModel
from mmm.models.state import ModelState
from mmm.models.structural import fit_structural
from mmm.services.models import HealthStatus, save


class FlatModel(FittedModel):
    """Expects the same KPI whatever is spent; enough to be stored."""

    family = "flat"

    def __init__(self, labels, level=1.0):
        self.labels, self.level = labels, level
        self.noise_sd = np.ones((1, len(labels.markets)))
        self.diagnostics = {}

    def _expected(self, inputs, periods):
        return np.full((1, len(self.labels.markets), periods.stop - periods.start), self.level)

    def state(self):
        return ModelState(self.family, 1, {"secret": "coefficients-271828"}, {"level": np.array([self.level])})

    @classmethod
    def from_state(cls, state):
        raise NotImplementedError


class RoundModel(FlatModel):
    """Another family."""

    family = "round"


@pytest.fixture
def models(services):
    return services.models


@pytest.fixture
def version(upload):
    return upload()


@pytest.fixture
def train(services, person, panel, version, clock):
    """`train()`: a stored model version's id, as a training job would leave it."""
    analyst = person("analyst")

    def store(status=HealthStatus.PASS, model=None, metrics=None):
        with services.unit_of_work() as uow:
            model_id = save(
                uow,
                analyst,
                dataset_version_id=version.id,
                model=model or FlatModel(panel.labels),
                results=b"results-161803",
                metrics=metrics or {"rmse": 1.5},
                health={"checks": []},
                status=status,
                job_id=None,
                now=clock(),
            )
            uow.commit()
        return model_id

    return store


class TestStoring:
    def test_models_are_numbered_within_their_dataset(self, models, train, version, person):
        train(), train()
        listed = models.list(person("manager"), version.dataset_id)
        assert [(info.number, info.family, info.is_champion) for info in listed] == [
            (2, "flat", False),
            (1, "flat", False),
        ]
        assert listed[0].metrics == {"rmse": 1.5}

    def test_results_come_back_as_stored(self, models, train, person):
        assert models.results(person("executive"), train()) == b"results-161803"

    def test_neither_coefficients_nor_results_lie_open_in_the_database(self, services, train, settings):
        train()
        services.close()
        stored = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
        assert b"coefficients-271828" not in stored
        assert b"results-161803" not in stored

    def test_a_model_of_another_workspace_is_not_found(self, models, train, person):
        stranger = replace(person("analyst"), workspace_id="0" * 32)
        model = train()
        for ask in (models.get, models.fitted, models.results, models.publish):
            with pytest.raises(NotFoundError):
                ask(stranger, model)

    def test_engineers_do_not_see_models(self, models, train, person, version):
        with pytest.raises(NotAllowedError):
            models.list(person("engineer"), version.dataset_id)


class TestPublishing:
    def test_nothing_is_champion_before_somebody_publishes(self, models, train, person, version):
        train()
        assert models.champion(person("manager"), version.dataset_id) is None

    def test_the_published_model_is_the_champion_everywhere(self, models, services, train, person, version):
        model = train()
        assert models.publish(person("analyst"), model).is_champion
        assert models.champion(person("manager"), version.dataset_id).id == model
        assert services.datasets.get(person("manager"), version.dataset_id).champion_id == model

    def test_a_failed_health_check_needs_a_reason_that_is_kept(self, models, train, person, version, events):
        model = train(HealthStatus.FAIL)
        for reason in (None, "  "):
            with pytest.raises(NotAllowedError, match="why"):
                models.publish(person("analyst"), model, reason)
        models.publish(person("analyst"), model, "The board wants to see it.")
        assert [event.outcome for event in events("publish_model")] == ["refused", "refused", "ok"]
        assert models.history(person("manager"), version.dataset_id)[0].reason == "The board wants to see it."

    def test_a_warning_needs_none(self, models, train, person):
        assert models.publish(person("analyst"), train(HealthStatus.WARN)).is_champion

    def test_another_kind_of_model_needs_two_better_refreshes_or_a_reason_that_is_kept(
        self, models, train, person, version, panel, events
    ):
        analyst = person("analyst")
        models.publish(analyst, train())
        rounder = RoundModel(panel.labels)
        untried = train(model=rounder)
        with pytest.raises(NotAllowedError, match="not tried against the published kind"):
            models.publish(analyst, untried)
        lost = {"refreshes": {"against": "flat", "worth": False, "reason": "It forecast better on neither."}}
        assert "neither" in models.needs_reason(analyst, train(model=rounder, metrics=lost))
        models.publish(analyst, untried, "The board asks for it.")
        assert [event.outcome for event in events("publish_model")] == ["ok", "refused", "ok"]
        assert models.history(analyst, version.dataset_id)[0].reason == "The board asks for it."

    def test_one_that_was_better_on_both_needs_none(self, models, train, person, panel):
        models.publish(person("analyst"), train())
        won = {"refreshes": {"against": "flat", "worth": True, "reason": "It was better."}}
        assert models.publish(person("analyst"), train(model=RoundModel(panel.labels), metrics=won)).is_champion

    def test_the_same_kind_of_model_fitted_anew_needs_none(self, models, train, person):
        models.publish(person("analyst"), train())
        assert models.needs_reason(person("analyst"), train()) is None

    def test_the_champion_is_not_published_twice(self, models, train, person):
        model = train()
        models.publish(person("analyst"), model)
        with pytest.raises(ConflictError, match="already"):
            models.publish(person("analyst"), model)

    def test_managers_do_not_publish(self, models, train, person):
        with pytest.raises(NotAllowedError):
            models.publish(person("manager"), train())


class TestRollingBack:
    def test_it_goes_back_one_champion_at_a_time(self, models, train, person, version):
        analyst = person("analyst")
        first, second, third = train(), train(), train()
        for model in (first, second, third):
            models.publish(analyst, model)
        assert models.roll_back(analyst, version.dataset_id).id == second
        assert models.roll_back(analyst, version.dataset_id).id == first
        with pytest.raises(ConflictError, match="no earlier"):
            models.roll_back(analyst, version.dataset_id)

    def test_after_going_back_a_new_champion_stands_on_the_old_one(self, models, train, person, version):
        analyst = person("analyst")
        first, second, third = train(), train(), train()
        models.publish(analyst, first)
        models.publish(analyst, second)
        models.roll_back(analyst, version.dataset_id)
        models.publish(analyst, third)
        assert models.roll_back(analyst, version.dataset_id).id == first

    def test_the_history_tells_everything_newest_first(self, models, train, person, version):
        analyst = person("analyst")
        first, second = train(), train()
        models.publish(analyst, first)
        models.publish(analyst, second)
        models.roll_back(analyst, version.dataset_id, "Sales fell.")
        told = models.history(person("manager"), version.dataset_id)
        assert [(p.kind, p.model_version_id, p.reason) for p in told] == [
            ("roll_back", first, "Sales fell."),
            ("publish", second, None),
            ("publish", first, None),
        ]

    def test_there_is_nothing_before_the_first(self, models, train, person, version):
        models.publish(person("analyst"), train())
        with pytest.raises(ConflictError, match="no earlier"):
            models.roll_back(person("analyst"), version.dataset_id)


class TestLoading:
    def test_a_stored_model_answers_as_the_one_that_was_fitted(self, models, train, person, panel):
        fitted = fit_structural(panel, FitSettings(seed=1, n_draws=40))
        model = train(model=fitted)
        back = models.fitted(person("manager"), model)
        np.testing.assert_array_equal(back.expected(panel.inputs()), fitted.expected(panel.inputs()))
        assert models.fitted(person("executive"), model) is back

    def test_a_model_in_memory_still_asks_who_wants_it(self, models, train, person, panel):
        model = train(model=fit_structural(panel, FitSettings(seed=1, n_draws=40)))
        models.fitted(person("manager"), model)
        with pytest.raises(NotAllowedError):
            models.fitted(person("engineer"), model)
        with pytest.raises(NotFoundError):
            models.fitted(replace(person("manager"), workspace_id="0" * 32), model)
