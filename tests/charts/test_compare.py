"""Charts of models side by side."""

from __future__ import annotations

import pytest

from mmm.charts.compare import disagreement, errors
from mmm.effects.contributions import drop_one
from mmm.validation.agreement import disagreement as bands_of
from tests.fakes import a_model, a_panel


@pytest.fixture(scope="module")
def two():
    panel = a_panel(n=30)
    return {name: drop_one(a_model(panel, seed=seed), panel.inputs()) for name, seed in (("A", 1), ("B", 2))}


class TestDisagreement:
    def test_has_a_dot_and_an_interval_for_every_model_on_every_channel(self, two):
        chart = disagreement(two, bands_of(two, {}))
        assert [trace["name"] for trace in chart.figure["data"]] == ["A", "B"]
        assert all(len(trace["x"]) == 4 == len(trace["error_x"]["array"]) for trace in chart.figure["data"])

    def test_says_where_models_disagree_most(self, two):
        assert disagreement(two, bands_of(two, {})).alt.startswith("The models disagree most about ")

    def test_channels_named_like_markup_are_shown_as_they_stand(self):
        panel = a_panel(n=30)
        found = {"<b>A": drop_one(a_model(panel), panel.inputs())}
        assert disagreement(found, bands_of(found, {})).figure["data"][0]["name"] == "&lt;b&gt;A"


class TestErrors:
    def test_one_bad_model_does_not_flatten_the_others_and_is_named(self):
        chart = errors(
            {"good": [0.05, 0.06], "bad": [0.9, 0.05]}, ["1", "2"], share=True, title="%", alt="So.", key="e"
        )
        assert chart.figure["layout"]["yaxis"]["range"][1] < 20
        assert chart.alt == "So. bad is off this chart at times."

    def test_an_unknown_error_is_a_gap(self):
        chart = errors({"a": [None, 0.1]}, ["1", "2"], share=False, title="KPI", alt="", key="e")
        assert chart.figure["data"][0]["y"] == [None, 0.1]
