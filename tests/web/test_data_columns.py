"""What columns mean, as choices that a person edits."""

from __future__ import annotations

import pytest

from mmm.data.inputs import ControlRole
from mmm.data.mapping import ChannelColumns, Mapping
from mmm.data.panel import KpiKind
from mmm.web.data_columns import (
    Business,
    Choice,
    Meaning,
    business_of,
    choices_of,
    found_columns,
    made_alike,
    mapping_of,
    problems,
    rest_unused,
)


class TestColumns:
    mapping = Mapping(
        date="week",
        kpi="orders",
        kpi_kind=KpiKind.UNITS,
        market="shop",
        value_per_kpi="worth",
        margin=0.35,
        channels={"TV": ChannelColumns("tv_eur", "grps"), "Search": ChannelColumns("search_eur")},
        controls={"price": ControlRole.CONFOUNDER, "visits": ControlRole.MEDIATOR},
        population="people",
    )
    columns = "week orders shop worth tv_eur grps search_eur price visits people note mail".split()  # noqa: SIM905

    def test_a_mapping_survives_being_edited_without_a_change(self):
        choices = choices_of(self.mapping, self.columns, ["mail"])
        assert choices["note"].meaning is Meaning.UNUSED
        assert choices["mail"].meaning is Meaning.LEFT_OUT
        assert mapping_of(choices, business_of(self.mapping)) == self.mapping
        assert problems(choices) == []

    def test_a_renamed_channel_keeps_its_exposure(self):
        choices = choices_of(self.mapping, self.columns)
        choices["tv_eur"] = Choice(Meaning.SPEND, channel="Television")
        found = mapping_of(choices, business_of(self.mapping))
        assert found.channels["Television"] == ChannelColumns("tv_eur", "grps")

    def test_money_needs_no_value(self):
        choices = choices_of(self.mapping, self.columns)
        assert mapping_of(choices, Business(kind=KpiKind.REVENUE, value=3.0)).value_per_kpi is None

    @pytest.mark.parametrize(
        ("column", "choice", "said"),
        [
            ("week", Choice(Meaning.UNUSED), "Exactly one column is the date; no column is"),
            ("note", Choice(Meaning.KPI), "“orders” and “note” are at the moment"),
            ("note", Choice(Meaning.MARKET), "Only one column can be “Market”"),
            ("note", Choice(Meaning.SPEND, channel="TV"), "Two channels are called “TV”"),
            ("note", Choice(Meaning.EXPOSURE), "choose the channel it belongs to"),
            ("note", Choice(Meaning.EXPOSURE, spend="tv_eur"), "not the only exposure of its channel"),
        ],
    )
    def test_a_contradiction_is_said_in_words(self, column, choice, said):
        choices = {**choices_of(self.mapping, self.columns), column: choice}
        assert any(said in problem for problem in problems(choices))

    def test_a_table_without_spend_says_so(self):
        choices = {c: Choice(Meaning.UNUSED) for c in ("a", "b")}
        assert any("at least one is needed" in problem for problem in problems(choices))

    def test_a_column_is_found_by_parts_of_its_name(self):
        assert found_columns(["TV spend", "Radio spend", "tv grps"], "TV sp") == ["TV spend"]
        assert found_columns(["a", "b"], " ") == ["a", "b"]

    def test_many_made_alike_leave_the_date_the_kpi_and_the_market(self):
        choices = made_alike(choices_of(self.mapping, self.columns), self.columns, Meaning.UNUSED)
        kept = [column for column, choice in choices.items() if choice.meaning is not Meaning.UNUSED]
        assert kept == ["week", "orders", "shop"]

    def test_the_rest_is_left_unused(self):
        choices = rest_unused(choices_of(self.mapping, self.columns, ["mail"]), ["tv_eur"])
        used = [column for column, choice in choices.items() if choice.meaning is not Meaning.UNUSED]
        assert used == ["week", "orders", "shop", "tv_eur", "mail"]

    def test_markets_keep_the_countries_that_they_were_given(self):
        business = Business(countries=(("North", "DE"),), week_start=6)
        found = mapping_of(choices_of(self.mapping, self.columns), business)
        assert (found.countries, found.week_start) == ({"North": "DE"}, 6)
