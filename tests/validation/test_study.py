"""One whole study, with families that take no time to fit."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from mmm.data.codec import dump, load
from mmm.data.lift import LiftTest
from mmm.data.simulate import five_channel_world
from mmm.errors import DataError, ModelError
from mmm.models.base import Family
from mmm.models.linear import LinearModel, fit_linear
from mmm.models.registry import FAMILIES
from mmm.study import Results, StudySettings, analyse
from mmm.validation.agreement import disagreement, left_out_tests
from mmm.validation.folds import origins, refreshes
from mmm.validation.health import Health, HealthCheck


class Quick(LinearModel):
    """A regression that may plan."""

    family = "two"
    supports_planning = True


def fit_quick(panel, settings, progress=None):
    model = fit_linear(panel, replace(settings, n_draws=20))
    model.__class__ = Quick
    return model


class Learner(Quick):
    """As if it learnt from lift tests."""

    family = "one"
    learns_from_lift_tests = True


def fit_learner(panel, settings, progress=None):
    model = fit_quick(panel, settings)
    model.__class__ = Learner
    return model


def fit_poor(panel, settings, progress=None):
    """The same without the last third of what it is given."""
    poor = panel.observed.copy()
    poor[:, -panel.n_periods // 3 :] = False
    return fit_quick(replace(panel, observed=poor), settings)


def fit_nothing(panel, settings, progress=None):
    raise ModelError("It needs two markets.")


@pytest.fixture(scope="module", autouse=True)
def families():
    with pytest.MonkeyPatch.context() as patch:
        _put_in(patch)
        yield


def _put_in(monkeypatch):
    for name, fit in (("one", fit_learner), ("two", fit_poor), ("none", fit_nothing)):
        made = Family(name, f"Family {name}", fit, Quick.from_state, says="Quick.")
        monkeypatch.setitem(FAMILIES, name, made)
    healthy = Health((HealthCheck("x", "Checked", "pass", "A plain regression is not judged here.", ""),))
    monkeypatch.setattr("mmm.study.check_health", lambda *_: healthy)


@pytest.fixture(scope="module")
def panel():
    world = five_channel_world(5, n_periods=80).panel
    tests = [
        LiftTest(world.labels.channels[0], world.periods[at], world.periods[at + 4] - 1, 40000.0, 9000.0)
        for at in (10, 30, 40, 70)
    ]
    return replace(world, lift_tests=tuple(tests))


@pytest.fixture(scope="module")
def whole(panel):
    told = []
    found = study(panel, "one", "two", progress=lambda share, message: told.append((share, message)))
    return found, told


def study(panel, *names, **more):
    settings = StudySettings(tuple(names), champion=more.pop("champion", None))
    return analyse(panel, settings, **more)


class TestOrigins:
    def test_are_60_80_and_100_percent_of_what_precedes_the_hold_out(self):
        assert [origin.cut for origin in origins(104)] == [50, 67, 84]

    def test_tests_follow_one_another_up_to_the_hold_out(self):
        tests = [origin.tests[0] for origin in origins(104)]
        assert tests == [range(50, 67), range(67, 84), range(84, 104)]

    def test_every_one_is_asked_about_the_hold_out_too(self):
        assert {origin.tests[-1] for origin in origins(104)} == {range(84, 104)}

    def test_leave_enough_to_learn_from(self):
        assert [origin.cut for origin in origins(30)] == [19, 24]
        with pytest.raises(DataError, match="at least 16"):
            origins(18)

    def test_refreshes_leave_eight_and_four_periods_out(self):
        assert [(origin.cut, origin.tests) for origin in refreshes(104)] == [
            (96, (range(96, 104),)),
            (100, (range(100, 104),)),
        ]


class TestStudy:
    def test_compares_averages_and_says_why(self, whole):
        found, _ = whole
        assert [candidate.family for candidate in found.candidates] == ["one", "two", "averaged"]
        for candidate in found.candidates:
            assert len(candidate.metrics["folds"]) == 3
            assert [point["share"] for point in candidate.metrics["curve"]] == [0.6, 0.8, 1.0]
            json.dumps(candidate.metrics, allow_nan=False)
        assert found.best.metrics["recommendation"]["reason"] == found.reason != ""
        assert sum(found.candidates[-1].metrics["weights"].values()) == pytest.approx(1.0)

    def test_the_last_fold_is_the_hold_out(self, whole):
        metrics = whole[0].candidates[0].metrics
        assert metrics["folds"][-1]["rmse"] == metrics["curve"][-1]["rmse"] == metrics["model"]["rmse"]

    def test_is_the_same_when_the_work_is_spread(self, whole, panel):
        with ThreadPoolExecutor(2) as pool:
            there = study(panel, "one", "two", run_all=pool.map)
        assert [c.metrics for c in whole[0].candidates] == [c.metrics for c in there.candidates]

    def test_one_family_alone_is_held_out_and_nothing_else(self, panel):
        found = study(panel, "one")
        assert "folds" not in found.best.metrics
        assert [candidate.family for candidate in found.candidates] == ["one"]

    def test_a_family_that_cannot_be_fitted_is_told_and_the_others_go_on(self, panel):
        found = study(panel, "one", "none")
        assert found.left_out == {"none": "It needs two markets."}
        assert [candidate.family for candidate in found.candidates] == ["one"]
        with pytest.raises(ModelError, match="Family none: It needs two markets"):
            study(panel, "none")

    def test_is_tried_against_the_published_kind_on_two_refreshes(self, panel):
        found = study(panel, "one", champion="two")
        assert [candidate.family for candidate in found.candidates] == ["one"]
        tried = found.best.metrics["refreshes"]
        assert (tried["against"], len(tried["mine"]), len(tried["theirs"])) == ("two", 2, 2)

    def test_progress_names_every_family(self, whole):
        _, told = whole
        assert told[0] == (0.0, "Family one 0 of 3 fits · Family two waiting")
        assert "Family one compared · Family two 1 of 3 fits" in [message for _, message in told]
        assert [share for share, _ in told] == sorted(share for share, _ in told)

    def test_families_that_read_tests_are_judged_by_tests_they_had_not_seen(self, whole):
        one, two, _ = whole[0].candidates
        assert [test.unseen for test in one.results.agreement] == [True, False, True, True]
        assert all(test.unseen for test in two.results.agreement)
        assert one.metrics["lift"]["tests"] == 3
        assert left_out_tests(2) == (0, 1)

    def test_what_models_expect_of_tests_comes_back_from_its_bytes(self, whole):
        results = whole[0].best.results
        assert load(dump(results), Results).agreement == results.agreement != ()

    def test_families_are_as_far_apart_as_their_means(self, whole):
        found = whole[0].candidates[:2]
        bands = disagreement(
            {c.family: c.results.contributions for c in found}, {c.family: c.results.roi for c in found}
        )
        means = [c.results.contributions.total.shown.mean[0] for c in found]
        assert (bands[0].contribution.lowest, bands[0].contribution.highest) == (min(means), max(means))
        assert np.isfinite(bands[0].roi.highest)

    def test_twins_are_on_the_board(self, panel):
        found = study(panel, "one", "two", twins={"one": {"error": 0.05}})
        assert [c.metrics["twins"] for c in found.candidates] == [0.05, None, None]
