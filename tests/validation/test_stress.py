"""Stress tests, grades and what they say together."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from mmm.data.broken import broken_world
from mmm.data.codec import dump, load
from mmm.data.lift import LiftTest
from mmm.effects.contributions import drop_one
from mmm.models.base import FitSettings
from mmm.models.replay import replayed
from mmm.models.ridge import fit_ridge
from mmm.validation.grades import ChannelGrade, Grade, doubted_by_twins, grade_channels, held_channels
from mmm.validation.stress import StressTest, stress_tests

SETTINGS = FitSettings(seed=0, n_draws=40)
WEEKS = 80
CAUGHT = {
    "reverse causality": "reverse",
    "leaking control": "leak",
    "mediator": "mediator",
    "constant spend": "constant",
    "ρ = 0.9 pair": "in_step",
    "heavy tails": "freaks",
}


def examined(panel):
    model = fit_ridge(panel, SETTINGS)
    found = drop_one(model, panel.inputs())
    return model, found, stress_tests(model, panel, found)


@pytest.fixture(scope="module")
def clean():
    panel = broken_world("40 weeks", 8, WEEKS).panel
    return panel, *examined(panel)


@pytest.mark.parametrize("kind", CAUGHT)
def test_a_broken_assumption_is_named(kind):
    panel = broken_world(kind, 1, WEEKS).panel
    _, _, stress = examined(panel)
    caught = [test for test in stress if test.status != "pass"]
    assert CAUGHT[kind] in {test.code for test in caught}


def test_an_ordinary_world_fails_nothing(clean):
    _, _, _, stress = clean
    assert [test.code for test in stress if test.whole and test.status != "pass"] == []


def test_a_strong_but_honest_control_is_no_leak_however_long_the_history():
    _, _, stress = examined(broken_world("40 weeks", 8, 200).panel)
    assert [test.status for test in stress if test.code == "leak"] == ["pass"]


def test_less_than_a_year_is_said():
    _, _, stress = examined(broken_world("40 weeks", 1, 40).panel)
    assert "short" in {test.code for test in stress if test.status == "warn"}


def test_branded_search_is_known_by_its_name(clean):
    panel = clean[0]
    renamed = replace(panel, labels=replace(panel.labels, channels=("search_brand", *panel.labels.channels[1:])))
    _, _, stress = examined(renamed)
    assert [test.channels for test in stress if test.code == "brand"] == [("search_brand",)]


def test_every_finding_says_what_to_do():
    _, _, stress = examined(broken_world("hostile", 1, WEEKS).panel)
    assert all(test.remedy and test.channels for test in stress if test.status != "pass")


def doubt(channel, cap):
    return StressTest("x", "X", "warn", 1.0, 0.5, f"{channel} is in doubt.", "Test it.", (channel,), cap)


class TestGrades:
    def test_are_b_where_nothing_contradicts(self, clean):
        panel, model, found, _ = clean
        assert {graded.grade for graded in grade_channels(model, panel, found, ())} == {Grade.B}

    def test_take_the_weightiest_doubt_and_its_reason(self, clean):
        panel, model, found, _ = clean
        graded = grade_channels(model, panel, found, [doubt("social", "C"), doubt("social", "D")])[1]
        assert (graded.grade, graded.why) == (Grade.D, "social is in doubt.")

    def lifted(self, clean, factor):
        panel, model, found, _ = clean
        test = LiftTest("social", panel.periods[20], panel.periods[24] - 1, 1.0, 1e-9)
        window = replace(panel, lift_tests=(test,)).lift_windows[0]
        lift = factor * float(replayed(model, panel, window).mean())
        told = replace(test, lift=lift, se=0.05 * abs(lift))
        return grade_channels(model, replace(panel, lift_tests=(told,)), found, [doubt("social", "D")])[1]

    def test_forget_doubts_that_an_experiment_settles(self, clean):
        assert self.lifted(clean, 1.0).grade in (Grade.A, Grade.B)

    def test_are_d_where_an_experiment_disagrees(self, clean):
        assert self.lifted(clean, 20.0).grade is Grade.D

    def test_of_a_channel_that_never_spent_say_so(self, clean):
        panel = clean[0]
        spend = panel.spend.copy()
        spend[..., 3] = 0.0
        dark = replace(panel, spend=spend)
        model, found, stress = examined(dark)
        assert "never spent" in grade_channels(model, dark, found, stress)[3].why

    def test_are_stored_and_read_back(self):
        graded = ChannelGrade("tv", Grade.C, "Because.", "Test it.")
        assert load(dump(graded), ChannelGrade) == graded


def test_channels_that_may_follow_demand_are_named_once_and_weak_ones_are_not():
    stress = [replace(doubt("search", "C"), code="too_much"), replace(doubt("search", "C"), code="ahead")]
    assert held_channels([*stress, replace(doubt("tv", "D"), code="weak")]) == ("search",)


def test_periods_that_were_not_observed_are_left_out():
    panel = broken_world("40 weeks", 2, 60).panel
    observed = panel.observed.copy()
    observed[:, 10:14] = False
    gappy = replace(panel, observed=observed)
    _, _, stress = examined(gappy)
    assert all(np.isfinite(test.number) for test in stress)


class TestATwinTest:
    @dataclass(frozen=True)
    class Came:
        relative_error: float
        coverage: float

    def graded(self, grade: Grade) -> tuple[ChannelGrade, ...]:
        return (ChannelGrade("tv", grade, "as it was", ""),)

    def test_lowers_a_channel_whose_known_effect_did_not_come_back(self) -> None:
        (told,) = doubted_by_twins(self.graded(Grade.B), {"tv": self.Came(0.3, 0.5)})
        assert told.grade is Grade.C
        assert "50" in told.why

    def test_leaves_a_channel_alone_whose_effect_came_back(self) -> None:
        assert doubted_by_twins(self.graded(Grade.B), {"tv": self.Came(0.3, 0.9)}) == self.graded(Grade.B)

    @pytest.mark.parametrize("grade", [Grade.A, Grade.D])
    def test_neither_doubts_an_experiment_nor_lifts_a_grade(self, grade: Grade) -> None:
        assert doubted_by_twins(self.graded(grade), {"tv": self.Came(2.0, 0.1)}) == self.graded(grade)
