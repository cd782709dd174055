"""The baseline's columns: holidays of each market's own country, and a recipe that outlives its storage."""

from dataclasses import replace

import numpy as np
import pytest

from mmm.data.panel import Panel
from mmm.models.base import FitSettings
from mmm.models.design import HOLIDAY_SD, Design
from mmm.models.registry import family, load
from mmm.transforms.calendar import holiday_features
from tests.fakes import a_panel


def of_countries(*countries: str | None) -> Panel:
    return replace(a_panel(n=104, markets=len(countries)), countries=countries)


def columns(design: Design, panel: Panel) -> np.ndarray:
    return design.matrix(panel.inputs(), slice(0, panel.n_periods))


class TestHolidaysOfSeveralCountries:
    def test_are_each_markets_own(self) -> None:
        panel = of_countries("DE", "US")
        design = Design.of(panel)
        germany, america = design._holidays(panel.periods)
        for own, country in ((germany, "DE"), (america, "US")):
            features, names = holiday_features(panel.periods, design.frequency, country)
            place = [design.holidays.index(name) for name in names]
            np.testing.assert_array_equal(own[:, place], features)
            assert not np.delete(own, place, axis=1).any()

    def test_reach_the_columns_of_the_model(self) -> None:
        panel = of_countries("DE", "US")
        design = Design.of(panel)
        first = design.matrix(panel.inputs(), slice(0, panel.n_periods)).shape[2] - len(panel.labels.controls)
        first -= len(design.holidays) + len(design.knots) - 1
        matrix = columns(design, panel)[:, :, first : first + len(design.holidays)]
        np.testing.assert_allclose(matrix, HOLIDAY_SD * np.stack(design._holidays(panel.periods)))

    def test_are_none_in_a_market_without_a_country(self) -> None:
        panel = of_countries("DE", None)
        germany, nowhere = Design.of(panel)._holidays(panel.periods)
        assert germany.any()
        assert not nowhere.any()

    def test_are_those_of_one_country_to_the_last_digit_where_all_markets_share_it(self) -> None:
        each = of_countries("DE", "DE")
        shared = replace(each, countries=None, country="DE")
        assert Design.of(each).holidays == Design.of(shared).holidays
        np.testing.assert_array_equal(columns(Design.of(each), each), columns(Design.of(shared), shared))


class TestTheRecipe:
    def test_reads_back_with_its_countries(self) -> None:
        panel = of_countries("DE", "US")
        design = Design.of(panel)
        again = Design.from_meta(design.meta())
        assert again.countries == ("DE", "US")
        np.testing.assert_array_equal(columns(again, panel), columns(design, panel))

    def test_of_a_model_stored_before_countries_still_reads(self) -> None:
        panel = replace(a_panel(n=104), country="DE")
        meta = Design.of(panel).meta()
        del meta["countries"]
        np.testing.assert_array_equal(columns(Design.from_meta(meta), panel), columns(Design.of(panel), panel))

    @pytest.mark.parametrize("name", ["ridge", "structural"])
    def test_gives_a_loaded_model_the_same_answers(self, name: str) -> None:
        panel = of_countries("DE", "US")
        model = family(name).fit(panel, FitSettings(seed=3, n_draws=20))
        again = load(model.state())
        np.testing.assert_array_equal(again.expected(panel.inputs()), model.expected(panel.inputs()))
