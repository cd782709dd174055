from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mmm.errors import ModelError
from mmm.models.base import FitSettings
from mmm.models.options import number, numbers_by_name, one_of, whole
from mmm.models.registry import family
from tests.models.worlds import small_world


class TestReading:
    def test_what_is_not_given_is_the_default(self) -> None:
        assert number({}, "depth", 2.5, low=0, high=9) == 2.5
        assert whole({}, "depth", 2, low=1, high=9) == 2
        assert one_of({}, "shape", ("hill", "log")) == "hill"
        assert numbers_by_name({}, "decay", ("tv",), low=0, high=1) == {}

    @pytest.mark.parametrize("value", ["3", None, True, float("nan"), -1, 10, [2]])
    def test_what_is_no_number_in_range_is_refused_with_the_range(self, value: object) -> None:
        with pytest.raises(ModelError, match="“depth” must be a number from 1 to 9"):
            whole({"depth": value}, "depth", 2, low=1, high=9)

    def test_half_a_level_is_refused(self) -> None:
        with pytest.raises(ModelError, match=r"whole number, not 2\.5"):
            whole({"depth": 2.5}, "depth", 2, low=1, high=9)

    def test_an_unknown_word_is_refused_with_those_known(self) -> None:
        with pytest.raises(ModelError, match="must be hill or log, not 'sine'"):
            one_of({"shape": "sine"}, "shape", ("hill", "log"))

    def test_an_unknown_channel_is_refused_with_those_known(self) -> None:
        with pytest.raises(ModelError, match="names radio; there are tv, search"):
            numbers_by_name({"decay": {"radio": 0.5}}, "decay", ("tv", "search"), low=0, high=1)

    def test_one_number_for_all_channels_is_refused(self) -> None:
        with pytest.raises(ModelError, match="a number for each channel"):
            numbers_by_name({"decay": 0.5}, "decay", ("tv",), low=0, high=1)


class TestTunedFamilies:
    @pytest.mark.parametrize("name", ["ridge", "lasso"])
    def test_hold_what_an_option_fixes(self, name: str) -> None:
        options: dict[str, Any] = {"decay": {"search": 0.7}, "half_saturation": {"social": 2.0}, "slope": 1.5}
        panel = small_world(40)
        model = family(name).fit(panel, FitSettings(n_draws=6, options=options))
        search, social = panel.labels.channel("search"), panel.labels.channel("social")
        np.testing.assert_allclose(model.parameters.half_saturation[:, social], 2.0)  # type: ignore[attr-defined]
        np.testing.assert_allclose(model.parameters.decay[:, search], 0.7)  # type: ignore[attr-defined]
        np.testing.assert_allclose(model.parameters.slope, 1.5)  # type: ignore[attr-defined]

    def test_do_not_mind_the_options_of_others(self) -> None:
        panel = small_world(40)
        plain, other = (
            family("ridge").fit(panel, FitSettings(n_draws=4, options=options)) for options in ({}, {"trees": 7})
        )
        np.testing.assert_array_equal(plain.expected(panel.inputs()), other.expected(panel.inputs()))
