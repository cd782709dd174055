"""Reading SPEC.json."""

import pytest

from mmm.data.inputs import ControlRole
from mmm.data.panel import KpiKind
from mmm.errors import MMMError, SpecError
from mmm.spec import Spec

LEAST = {"date": "week", "kpi": "revenue", "channels": {"search": {"spend": "search_spend"}}}


def test_three_keys_are_enough():
    spec = Spec.from_dict(LEAST)
    assert spec.model == "auto"
    assert spec.plan.horizon == 12
    assert spec.plan.bounds["default"] == (0.3, 2.0)
    assert spec.mapping.kpi_kind is KpiKind.REVENUE
    assert len(spec.curve_multipliers) == 16


def test_controls_may_be_a_list_or_have_roles():
    assert Spec.from_dict(LEAST | {"controls": ["price"]}).mapping.controls == {"price": ControlRole.CONFOUNDER}
    roles = Spec.from_dict(LEAST | {"controls": {"sessions": "mediator"}}).mapping.controls
    assert roles == {"sessions": ControlRole.MEDIATOR}


def test_a_value_per_kpi_makes_the_kpi_a_count():
    assert Spec.from_dict(LEAST | {"value_per_kpi": 35.0}).mapping.kpi_kind is KpiKind.UNITS


def test_null_means_not_given():
    assert Spec.from_dict(LEAST | {"value_per_kpi": None, "market": None}).mapping.kpi_kind is KpiKind.REVENUE
    empty = dict.fromkeys(("model", "effort", "plan", "curve_multipliers", "future", "controls", "margin"))
    assert Spec.from_dict(LEAST | empty) == Spec.from_dict(LEAST)


def test_every_problem_is_named_at_once():
    with pytest.raises(SpecError) as caught:
        Spec.from_dict(
            {"kpi": "y", "colour": 1, "model": "magic", "effort": "heroic", "curve_multipliers": [-1],
             "plan": {"horizon": 0, "total": -5, "bounds": {"tv": [0.3, 2.0], "default": [2, 1]}, "shape": 1}}
        )  # fmt: skip
    for word in (
        "colour",
        "date",
        "channels",
        "magic",
        "heroic",
        "curve_multipliers",
        "horizon",
        "total",
        "tv",
        "shape",
    ):
        assert word in str(caught.value), word


@pytest.mark.parametrize(
    "patch",
    [
        {"channels": [{"spend": "x"}]},
        {"channels": 5},
        {"channels": {"a": {"spend": ["x"]}}},
        {"controls": [["a"]]},
        {"model": ["ridge"]},
        {"effort": {}},
        {"roll_up": "no"},
        {"plan": {"bounds": "wide"}},
    ],
)
def test_a_value_of_another_kind_is_refused_in_words(patch):
    with pytest.raises(MMMError):
        Spec.from_dict({"date": "week", "kpi": "revenue", "channels": {"tv": "tv_spend"}, **patch})


@pytest.mark.parametrize("plain", [None, [], "text", 3, {}])
def test_what_is_no_specification_is_refused(plain):
    with pytest.raises(SpecError):
        Spec.from_dict(plain)


@pytest.mark.parametrize(
    "change",
    [
        {"channels": ["a"]},
        {"channels": {"a": 3}},
        {"controls": {"a": "nonsense"}},
        {"margin": "high"},
        {"plan": []},
        {"plan": {"bounds": {"default": ["a", 2]}}},
        {"plan": {"horizon": True}},
        {"frequency": "fortnight"},
        {"value_per_kpi": {}},
        {"controls": 5},
        {"future": 7},
    ],
)
def test_nonsense_in_a_key_is_one_plain_error(change):
    with pytest.raises(MMMError):
        Spec.from_dict(LEAST | change)


def test_days_are_added_up_to_weeks_where_nobody_says_otherwise():
    plain = {"date": "day", "kpi": "sales", "channels": {"tv": "tv"}}
    assert Spec.from_dict(plain).mapping.roll_up
    assert not Spec.from_dict({**plain, "frequency": "day"}).mapping.roll_up
    assert not Spec.from_dict({**plain, "roll_up": False}).mapping.roll_up


def test_options_go_to_the_family_and_must_be_an_object():
    assert Spec.from_dict({**LEAST, "options": {"carry_over": "delayed"}}).options == {"carry_over": "delayed"}
    with pytest.raises(SpecError, match="options must be an object"):
        Spec.from_dict({**LEAST, "options": ["delayed"]})
