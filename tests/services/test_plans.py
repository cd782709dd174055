from dataclasses import replace

import pytest

from mmm.access import Role
from mmm.errors import ConflictError, NotAllowedError, NotFoundError, SpecError
from mmm.services.models import HealthStatus, save
from mmm.services.plans import PlanStatus

from .test_models import FlatModel

PAYLOAD = {"spend": [[1.5, 2.0]], "note": "budget-577215"}


@pytest.fixture
def plans(services):
    return services.plans


@pytest.fixture
def model(services, upload, person, panel, clock):
    version, analyst = upload(), person("analyst")
    with services.unit_of_work() as uow:
        model_id = save(
            uow,
            analyst,
            dataset_version_id=version.id,
            model=FlatModel(panel.labels),
            results=b"",
            metrics={},
            health={},
            status=HealthStatus.PASS,
            job_id=None,
            now=clock(),
        )
        uow.commit()
    return model_id


@pytest.fixture
def manager(person):
    return person("manager")


@pytest.fixture
def executive(person):
    return person("executive")


@pytest.fixture
def draft(plans, manager, model):
    return plans.save(manager, name="Spring", model_version_id=model, payload=PAYLOAD)


class TestDrafts:
    def test_a_plan_comes_back_as_saved(self, plans, manager, draft):
        plan = plans.get(manager, draft.id)
        assert plan.payload == PAYLOAD
        assert (plan.info.name, plan.info.status, plan.info.owner, plan.info.is_own) == (
            "Spring",
            PlanStatus.DRAFT,
            "Manager",
            True,
        )

    def test_its_content_does_not_lie_open_in_the_database(self, services, draft, settings):
        services.close()
        stored = b"".join(path.read_bytes() for path in settings.var_dir.glob("mixwright.sqlite3*"))
        assert b"budget-577215" not in stored

    def test_it_shows_to_its_owner_alone(self, plans, executive, person, draft):
        assert plans.list(executive) == ()
        with pytest.raises(NotFoundError):
            plans.get(person("analyst"), draft.id)

    def test_saving_again_changes_it(self, plans, manager, model, draft):
        plans.save(manager, name="Summer", model_version_id=model, payload={"a": 1}, plan_id=draft.id, version=1)
        plan = plans.get(manager, draft.id)
        assert (plan.info.name, plan.info.version, plan.payload) == ("Summer", 2, {"a": 1})

    def test_a_second_tab_does_not_overwrite_the_first(self, plans, manager, model, draft):
        save = {"name": "Spring", "model_version_id": model, "payload": {}, "plan_id": draft.id, "version": 1}
        plans.save(manager, **save)
        with pytest.raises(ConflictError, match="changed since"):
            plans.save(manager, **save)

    def test_it_can_be_renamed(self, plans, manager, draft):
        assert plans.rename(manager, draft.id, " Easter ").name == "Easter"
        with pytest.raises(SpecError):
            plans.rename(manager, draft.id, " ")

    def test_numbers_that_are_none_are_refused(self, plans, manager, model):
        with pytest.raises(ValueError, match="JSON"):
            plans.save(manager, name="x", model_version_id=model, payload={"spend": float("nan")})


class TestSharing:
    def test_a_submitted_plan_shows_to_everybody_who_sees_results(self, plans, manager, executive, draft):
        plans.submit(manager, draft.id)
        assert [plan.name for plan in plans.list(executive)] == ["Spring"]

    def test_a_duplicate_belongs_to_who_made_it(self, plans, manager, person, draft):
        plans.submit(manager, draft.id)
        copy = plans.duplicate(person("analyst"), draft.id)
        assert (copy.name, copy.owner, copy.status, copy.is_own) == ("Spring (copy)", "Analyst", PlanStatus.DRAFT, True)
        assert plans.get(person("analyst"), copy.id).payload == PAYLOAD

    def test_nobody_changes_somebody_elses_plan(self, plans, manager, person, model, draft):
        plans.submit(manager, draft.id)
        with pytest.raises(NotAllowedError, match="duplicate"):
            plans.rename(person("analyst"), draft.id, "Mine")

    def test_a_submitted_plan_stands_still_until_it_is_withdrawn(self, plans, manager, draft):
        plans.submit(manager, draft.id)
        with pytest.raises(ConflictError, match="withdraw"):
            plans.rename(manager, draft.id, "Other")
        assert plans.withdraw(manager, draft.id).status is PlanStatus.DRAFT
        assert plans.rename(manager, draft.id, "Other").name == "Other"

    def test_executives_make_no_plans(self, plans, executive, model):
        with pytest.raises(NotAllowedError):
            plans.save(executive, name="x", model_version_id=model, payload={})

    def test_another_workspace_sees_none(self, plans, manager, executive, draft):
        plans.submit(manager, draft.id)
        stranger = replace(executive, workspace_id="0" * 32)
        assert plans.list(stranger) == ()
        with pytest.raises(NotFoundError):
            plans.get(stranger, draft.id)


class TestDeciding:
    def test_an_executive_approves_what_was_read(self, plans, manager, executive, draft, events):
        submitted = plans.submit(manager, draft.id)
        approved = plans.approve(executive, draft.id, version=submitted.version, comment="Good.")
        assert (approved.status, approved.decided_by, approved.comment) == (PlanStatus.APPROVED, "Executive", "Good.")
        assert events("approve_plan")[0].actor == "executive"

    def test_nobody_approves_their_own_plan(self, plans, newcomer, model, events):
        both = newcomer("eve", Role.EXECUTIVE, Role.MANAGER)
        plan = plans.save(both, name="Mine", model_version_id=model, payload={})
        submitted = plans.submit(both, plan.id)
        with pytest.raises(NotAllowedError, match="own plan"):
            plans.approve(both, plan.id, version=submitted.version)
        assert events("approve_plan")[0].outcome == "refused"

    def test_managers_do_not_approve(self, plans, manager, draft):
        plans.submit(manager, draft.id)
        with pytest.raises(NotAllowedError):
            plans.approve(manager, draft.id, version=2)

    def test_a_plan_changed_after_it_was_read_is_not_approved(self, plans, manager, executive, draft):
        read = plans.submit(manager, draft.id)
        plans.withdraw(manager, draft.id)
        plans.rename(manager, draft.id, "Bigger")
        plans.submit(manager, draft.id)
        with pytest.raises(ConflictError, match="changed since"):
            plans.approve(executive, draft.id, version=read.version)

    def test_a_draft_cannot_be_approved(self, plans, newcomer, manager, draft):
        with pytest.raises(NotFoundError):
            plans.approve(newcomer("eve", Role.EXECUTIVE), draft.id, version=1)

    def test_an_approved_plan_stands_still(self, plans, manager, executive, draft):
        plans.approve(executive, draft.id, version=plans.submit(manager, draft.id).version)
        for change in (lambda: plans.rename(manager, draft.id, "x"), lambda: plans.withdraw(manager, draft.id)):
            with pytest.raises(ConflictError):
                change()

    def test_a_rejection_says_why_and_the_owner_can_go_on(self, plans, manager, executive, draft):
        submitted = plans.submit(manager, draft.id)
        with pytest.raises(SpecError, match="comment"):
            plans.reject(executive, draft.id, version=submitted.version, comment=" ")
        rejected = plans.reject(executive, draft.id, version=submitted.version, comment="Too much search.")
        assert (rejected.status, rejected.comment) == (PlanStatus.REJECTED, "Too much search.")
        assert plans.submit(manager, draft.id).comment is None
