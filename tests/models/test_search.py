from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.errors import ModelError
from mmm.models.base import Family, FitSettings, FittedModel, Progress, silent
from mmm.models.linear import LinearModel, fit_linear
from mmm.models.options import Setting
from mmm.models.registry import family
from mmm.models.search import fit_searched, search_settings
from tests.models.worlds import small_world

SPACE = (Setting("wrong_by", (0.3, 0.1, 0.0, 0.2)), Setting("unused", ("a", "b")))


def fit_biased(panel: Panel, settings: FitSettings, progress: Progress = silent) -> FittedModel:
    """A regression on a KPI that is too high by the share that an option says."""
    wrong = 1.0 + settings.options.get("wrong_by", 0.0)
    return fit_linear(replace(panel, kpi=panel.kpi * wrong), settings, progress)


BIASED = Family("biased", "Biased", fit_biased, LinearModel.from_state, space=SPACE)
QUICK = FitSettings(seed=2, n_draws=10)


class TestSearch:
    def test_finds_what_forecasts_best_and_tries_nothing_twice(self) -> None:
        found = search_settings(BIASED, small_world(), QUICK, evaluations=50)
        assert found.chosen.options["wrong_by"] == 0.0
        assert found.tried[0].options == {"wrong_by": 0.3, "unused": "a"}
        assert len({tuple(one.options.values()) for one in found.tried}) == len(found.tried)
        assert found.stopped_by == "space"

    def test_is_the_same_for_the_same_seed(self) -> None:
        once, twice = (search_settings(BIASED, small_world(), QUICK) for _ in range(2))
        assert once == twice

    def test_ends_with_its_budget_and_says_so(self) -> None:
        found = search_settings(BIASED, small_world(), QUICK, evaluations=3)
        assert len(found.tried) == 3
        assert found.stopped_by == "evaluations"

    def test_ends_with_its_seconds_and_says_so(self) -> None:
        ticks = iter(range(100))
        found = search_settings(
            BIASED, small_world(), QUICK, evaluations=50, seconds=2.5, clock=lambda: float(next(ticks))
        )
        assert found.stopped_by == "seconds"
        assert len(found.tried) == 3

    def test_leaves_alone_what_the_options_fix(self) -> None:
        fixed = replace(QUICK, options={"wrong_by": 0.2})
        found = search_settings(BIASED, small_world(), fixed, evaluations=50)
        assert all(set(one.options) == {"unused"} for one in found.tried)
        assert found.chosen == found.tried[0]  # nothing is better, so nothing is changed

    def test_never_sees_what_it_forecasts(self) -> None:
        panel = small_world()
        seen: list[int] = []

        def fit(panel: Panel, settings: FitSettings, progress: Progress = silent) -> FittedModel:
            seen.append(panel.n_periods)
            return fit_linear(panel, settings, progress)

        search_settings(replace(BIASED, fit=fit), panel, QUICK, evaluations=1)
        assert max(seen) < panel.n_periods

    def test_of_a_family_without_settings_is_refused(self) -> None:
        with pytest.raises(ModelError, match=r"Linear regression.*has no settings to search for"):
            search_settings(family("linear"), small_world(), QUICK)

    def test_in_seconds_without_a_clock_is_refused(self) -> None:
        with pytest.raises(ModelError, match="given a clock"):
            search_settings(BIASED, small_world(), QUICK, seconds=1.0)


class TestSearched:
    def test_models_are_fitted_again_from_their_diagnostics(self) -> None:
        panel = small_world(40)
        quick = FitSettings(seed=1, n_draws=4)
        ridge = family("ridge")
        found = search_settings(ridge, panel, quick, evaluations=2)
        model = fit_searched(ridge, panel, quick, found)
        options: dict[str, Any] = model.diagnostics["settings"]
        again = ridge.fit(panel, replace(quick, options=options))
        np.testing.assert_array_equal(again.expected(panel.inputs()), model.expected(panel.inputs()))

    def test_table_of_what_was_tried_is_stored_with_the_model(self) -> None:
        panel = small_world()
        found = search_settings(BIASED, panel, QUICK, evaluations=3)
        stored = LinearModel.from_state(fit_searched(BIASED, panel, QUICK, found).state())
        assert stored.diagnostics["search"] == found.as_dict()
        assert len(stored.diagnostics["search"]["tried"]) == 3


@pytest.mark.parametrize("name", ["forest", "loglinear", "ridge"])  # lasso and pairwise are set up as ridge is
def test_first_value_of_every_setting_is_what_the_family_does_by_itself(name: str) -> None:
    panel, quick = small_world(30), FitSettings(n_draws=2)
    first = {setting.name: setting.values[0] for setting in family(name).space}
    by_itself, told = (family(name).fit(panel, replace(quick, options=options)) for options in ({}, first))
    np.testing.assert_array_equal(told.expected(panel.inputs()), by_itself.expected(panel.inputs()))
